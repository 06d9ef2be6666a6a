// What becomes of a question on its way to an engine and back, whatever the network does.
#include "policy/remote_engine.hpp"

#include <thread>

#include "support/catch.hpp"
#include "support/fake_engine.hpp"

namespace {

using jeton::Code;
using jeton::EngineKind;
using jeton::EngineQuestion;
using jeton::Ruling;
using jeton::testing::FakeNetwork;
using namespace std::chrono_literals;

EngineQuestion refund() {
  EngineQuestion question;
  question.agent = question.subject = "spiffe://acme.example/agent/billing";
  question.tool = "refund";
  return question;
}

jeton::Secret secret_of(std::string_view text) {
  jeton::Secret secret(text.size());
  std::copy(text.begin(), text.end(), secret.writable().begin());
  return secret;
}

auto in(std::chrono::milliseconds ms) { return std::chrono::steady_clock::now() + ms; }

struct Remote {
  FakeNetwork network;
  jeton::RemoteEngine engine{
      network, {EngineKind::authzen, "https://pdp.example/access/v1/evaluation", "/ca.pem"}, std::nullopt};
  jeton::Verdict ask() { return engine.ask(refund(), in(1000ms)); }
};

}  // namespace

TEST_CASE("a question is one post within its time and its answer the verdict about it") {
  Remote remote;
  remote.network.answer = std::string(R"({"decision":true,"context":{"id":"d-1","reason":"small"}})");
  const auto verdict = remote.ask();
  CHECK(verdict.ruling == Ruling::permitted);
  CHECK(verdict.id == "d-1");
  CHECK(verdict.reason() == "permitted:small");
  CHECK(verdict.question.tool == "refund");
  REQUIRE(remote.network.posts.size() == 1);
  const auto& post = remote.network.posts.front();
  CHECK(post.url == "https://pdp.example/access/v1/evaluation");
  CHECK(post.body == jeton::engine_request(EngineKind::authzen, refund()));
  CHECK(post.limits.bytes == 64 * 1024);
  CHECK(post.limits.timeout_ms <= 1000);
  CHECK(post.limits.timeout_ms > 500);
  CHECK(post.limits.content_types == std::vector<std::string>{"application/json"});
  CHECK(post.limits.authorities == "/ca.pem");
}

TEST_CASE("a decision without an id of the engine's is known by the request's") {
  Remote remote;
  const auto verdict = remote.ask();
  const auto again = remote.ask();
  REQUIRE(remote.network.posts.size() == 2);
  const auto& headers = remote.network.posts.front().headers;
  REQUIRE(headers.size() == 1);
  CHECK(headers.front().first == "X-Request-ID");
  CHECK(verdict.id == headers.front().second);
  CHECK(verdict.id != again.id);
}

TEST_CASE("the engine's token goes with the request and the newest is sent") {
  Remote remote;
  remote.engine.set_token(secret_of("first"));
  (void)remote.ask();
  remote.engine.set_token(secret_of("second"));
  (void)remote.ask();
  remote.engine.set_token(std::nullopt);
  (void)remote.ask();
  REQUIRE(remote.network.posts.size() == 3);
  CHECK(remote.network.posts[0].headers.back() == jeton::HttpHeader{"Authorization", "Bearer first"});
  CHECK(remote.network.posts[1].headers.back() == jeton::HttpHeader{"Authorization", "Bearer second"});
  CHECK(remote.network.posts[2].headers.size() == 1);
}

TEST_CASE("an engine that does not answer and one that answers nonsense are told apart and permit nothing") {
  Remote remote;
  const auto with = [&](jeton::Result<std::string> answer) {
    remote.network.answer = std::move(answer);
    return name_of(remote.ask().ruling);
  };
  CHECK(with(jeton::refuse(Code::overloaded, "https://pdp.example cannot be asked")) == "unreachable");
  CHECK(with(jeton::refuse(Code::bad_request, "it is not asked")) == "unreachable");
  CHECK(with(jeton::refuse(Code::internal, "https://pdp.example answers 500")) == "malformed");
  CHECK(with("<html>permit</html>") == "malformed");
  CHECK(with(R"({"decision":"permit"})") == "malformed");
  CHECK(with(R"({"decision":false})") == "denied");
}

TEST_CASE("time that is over before the question is sent sends nothing") {
  Remote remote;
  CHECK(remote.engine.ask(refund(), in(0ms)).ruling == Ruling::timeout);
  CHECK(remote.engine.ask(refund(), in(-5000ms)).ruling == Ruling::timeout);
  CHECK(remote.network.posts.empty());
}

TEST_CASE("an answer that comes too late is none, be it a permit or an error") {
  // given: an engine that takes longer than there is
  Remote remote;
  remote.network.before_answer = [] { std::this_thread::sleep_until(in(30ms)); };
  // when, then
  CHECK(remote.engine.ask(refund(), in(20ms)).ruling == Ruling::timeout);
  remote.network.answer = jeton::refuse(Code::overloaded, "https://pdp.example did not answer within 20 ms");
  CHECK(remote.engine.ask(refund(), in(20ms)).ruling == Ruling::timeout);
}
