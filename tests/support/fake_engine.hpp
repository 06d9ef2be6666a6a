// An engine that says what a test tells it to, and remembers what it was asked; and a network that has one answer.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "outbound/fetch.hpp"
#include "policy/engine.hpp"

namespace jeton::testing {

class FakeEngine final : public Engine {
 public:
  Verdict ask(EngineQuestion question, Time deadline) override {
    const std::lock_guard lock(mutex_);
    deadlines.push_back(deadline);
    asked.push_back(question);
    auto verdict = says;
    verdict.question = std::move(question);
    return verdict;
  }

  Verdict says{Ruling::permitted};
  std::vector<EngineQuestion> asked;
  std::vector<Time> deadlines;

 private:
  std::mutex mutex_;
};

/// Answers every POST alike.
class FakeNetwork final : public Fetch {
 public:
  struct Post {
    std::string url;
    std::string body;
    std::vector<HttpHeader> headers;
    FetchLimits limits;
  };
  Result<std::string> fetch(const std::string&, const FetchLimits&) override {
    return refuse(Code::internal, "an engine is not asked with a GET");
  }
  Result<std::string> post_json(const std::string& url, const std::string& body, const std::vector<HttpHeader>& headers,
                                const FetchLimits& limits) override {
    posts.push_back({url, body, headers, limits});
    before_answer();
    return answer;
  }

  Result<std::string> answer = std::string(R"({"decision":true})");
  std::function<void()> before_answer = [] {};
  std::vector<Post> posts;
};

}  // namespace jeton::testing
