// Minting below the retry loop, and reporting once.
#include "jeton/call_scope.hpp"

#include <fmt/core.h>

#include "client/call_state.hpp"

namespace jeton {

Result<MintedToken> minted_of(const Json& answer) {
  const auto strange = refuse(Code::sidecar_unavailable, "the sidecar's answer to mint is not the protocol's");
  try {
    const auto jti = Jti::parse(answer.at("jti").get<std::string>());
    if (!jti) return strange;
    return MintedToken{Token(answer.at("token").get<std::string>()),
                       *jti,
                       count_of(answer, "attempt"),
                       count_of(answer, "expires_at"),
                       answer.value("previous", ""),
                       static_cast<std::uint64_t>(count_of(answer, "log_index"))};
  } catch (const Json::exception&) {
    return strange;
  }
}

CallScope::CallScope(std::unique_ptr<State> state) : state_(std::move(state)) {}
CallScope::CallScope(CallScope&&) noexcept = default;
CallScope& CallScope::operator=(CallScope&& other) noexcept {
  if (this != &other) {
    abandon();
    state_ = std::move(other.state_);
  }
  return *this;
}
CallScope::~CallScope() { abandon(); }

const Txn& CallScope::txn() const { return state_->txn; }
const std::string& CallScope::grant() const { return state_->grant; }

Result<MintedToken> CallScope::mint(std::string_view server) {
  if (state_->first && state_->server_of_first == server) {
    auto first = std::move(*state_->first);
    state_->first.reset();
    return first;
  }
  auto answer =
      state_->client->door.post(fmt::format("/v1/calls/{}/tokens", state_->txn.text()),
                                {{"server", server}, {"tool", state_->tool}, {"arguments", state_->arguments}});
  if (!answer) return refuse(answer.error());
  state_->first.reset();
  return minted_of(*answer);
}

Result<std::uint64_t> CallScope::finish(const Report& report) {
  const auto measured =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - state_->began).count();
  Json body{{"outcome", name_of(report.outcome)}, {"duration_ms", report.duration_ms.value_or(measured)}};
  if (report.detail) body["detail"] = *report.detail;
  if (report.receipt) body["receipt"] = *report.receipt;
  const auto path = fmt::format("/v1/calls/{}/outcome", state_->txn.text());
  auto answer = state_->client->door.post(path, body);
  if (!answer && answer.error().code == Code::sidecar_unavailable) answer = state_->client->door.post(path, body);
  if (!answer) return refuse(answer.error());
  state_->finished = true;
  if (!answer->is_object() || !answer->value("log_index", Json()).is_number_unsigned())
    return refuse(Code::sidecar_unavailable, "the sidecar's answer to the outcome is not the protocol's");
  return answer->at("log_index").get<std::uint64_t>();
}

void CallScope::abandon() noexcept {
  // A child after fork has a copy of the scope, but the call is its parent's to end.
  if (!state_ || state_->finished || state_->opener != ::getpid()) return;
  try {
    // Nobody is left to be told; the log then shows a call without its opener's outcome.
    [[maybe_unused]] const auto reported = finish(Report{Outcome::unknown, "abandoned"});
  } catch (...) {
  }
  state_.reset();
}

}  // namespace jeton
