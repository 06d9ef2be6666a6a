// One POST a question, with what is left of its time; a permit that comes too late is none.
#include "policy/remote_engine.hpp"

#include "ops/log.hpp"

namespace jeton {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::int64_t seconds_between_lines = 10;
/// Who counts in whole milliseconds gives up a little early.
constexpr std::int64_t early_ms = 5;

std::int64_t ms_until(Engine::Time deadline) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
}

std::shared_ptr<const Secret> shared(std::optional<Secret> token) {
  return token ? std::make_shared<const Secret>(std::move(*token)) : nullptr;
}

/// Wiped when the request is over: the header is the token's one copy outside its own pages.
class Headers {
 public:
  explicit Headers(std::vector<HttpHeader> all) : all_(std::move(all)) {}
  ~Headers() {
    for (auto& [name, value] : all_) wipe(value);
  }
  Headers(const Headers&) = delete;
  Headers& operator=(const Headers&) = delete;
  [[nodiscard]] const std::vector<HttpHeader>& all() const { return all_; }

 private:
  std::vector<HttpHeader> all_;
};

}  // namespace

RemoteEngine::RemoteEngine(Fetch& fetch, EngineAddress address, std::optional<Secret> token)
    : fetch_(fetch), address_(std::move(address)), token_(shared(std::move(token))) {}

void RemoteEngine::set_token(std::optional<Secret> token) {
  auto next = shared(std::move(token));
  const std::lock_guard lock(mutex_);
  token_ = std::move(next);
}

std::vector<HttpHeader> RemoteEngine::headers(const std::string& request_id) const {
  std::vector<HttpHeader> all{{"X-Request-ID", request_id}};
  std::shared_ptr<const Secret> token;
  {
    const std::lock_guard lock(mutex_);
    token = token_;
  }
  if (!token) return all;
  const auto bytes = token->expose_for_signing();
  std::string value("Bearer ");
  value.reserve(value.size() + bytes.size());  // or growing would leave a copy behind
  value.append(bytes.begin(), bytes.end());
  all.emplace_back("Authorization", std::move(value));
  return all;
}

Verdict RemoteEngine::ask(EngineQuestion question, Time deadline) {
  // What the engine does not name is known to both sides by the request: AuthZEN section 10.1.3.
  Verdict verdict{Ruling::timeout, std::move(question), random_id()};
  const auto left_ms = ms_until(deadline);
  if (left_ms <= 0) return verdict;
  const auto body = engine_request(address_.kind, verdict.question);
  if (!body) {
    verdict.ruling = Ruling::unasked;
    return verdict;
  }
  const Headers headers(this->headers(*verdict.id));
  const auto answer =
      fetch_.post_json(address_.url, *body, headers.all(),
                       {engine_answer_bytes_max, left_ms, left_ms, {"application/json"}, address_.authorities});
  if (!answer) {
    const bool late = ms_until(deadline) <= early_ms;
    const bool nobody = answer.error().code != Code::internal;
    verdict.ruling = late ? Ruling::timeout : nobody ? Ruling::unreachable : Ruling::malformed;
    tell(verdict.ruling, answer.error().message);
    return verdict;
  }
  if (Clock::now() > deadline) {
    tell(Ruling::timeout, "its answer came too late");
    return verdict;
  }
  auto read = read_engine_answer(address_.kind, *answer);
  verdict.ruling = read.ruling;
  if (read.id) verdict.id = std::move(read.id);
  verdict.code = std::move(read.code);
  if (read.ruling == Ruling::malformed) tell(read.ruling, "its answer is not the JSON of a decision");
  if (read.ruling == Ruling::undefined) tell(read.ruling, "its answer has no result: is the path in url a rule's?");
  return verdict;
}

void RemoteEngine::tell(Ruling ruling, const std::string& why) {
  const auto now_s = std::chrono::duration_cast<std::chrono::seconds>(Clock::now().time_since_epoch()).count();
  auto quiet_until_s = quiet_until_s_.load();
  if (now_s < quiet_until_s || !quiet_until_s_.compare_exchange_strong(quiet_until_s, now_s + seconds_between_lines))
    return;
  log_line(Level::warning, "the policy engine gave no decision, and what it was asked about is refused",
           {{"result", std::string(name_of(ruling))}, {"why", why}});
}

}  // namespace jeton
