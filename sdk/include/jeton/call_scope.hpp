// One tool call of an agent, from the permit to the outcome.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "jeton/error.hpp"
#include "jeton/event.hpp"
#include "jeton/id.hpp"
#include "jeton/json.hpp"
#include "jeton/secret.hpp"

namespace jeton {

/// A token for one attempt on the wire, and what the sidecar said with it.
struct MintedToken {
  Token token;
  Jti jti;
  std::int64_t attempt;
  std::int64_t expires_at;  ///< NumericDate
  std::string previous;  ///< none, unredeemed, redeemed, expired or revoked; empty for a token that came with the open
  std::uint64_t log_index;
};

/// How a call went, as the agent saw it.
struct Report {
  Outcome outcome = Outcome::ok;
  std::optional<std::string> detail = std::nullopt;        ///< a code, never free text
  std::optional<std::int64_t> duration_ms = std::nullopt;  ///< none: measured from the open
  std::optional<Json> receipt = std::nullopt;  ///< what the tool server's result carried under dev.jeton/receipt
};

/// Made by `Client::open`. Mint below every retry loop, one token per attempt; report once. Move-only. One thread at a
/// time.
class CallScope {
 public:
  CallScope(CallScope&&) noexcept;
  CallScope& operator=(CallScope&&) noexcept;
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;
  /// Reports `unknown` when nobody reported, as far as it can in the client's deadline; never throws.
  ~CallScope();

  [[nodiscard]] const Txn& txn() const;
  /// The grant that permitted the call.
  [[nodiscard]] const std::string& grant() const;

  /// The token of the next attempt. The first time, with the server the call was opened with, it is the one that came
  /// with the open. A newer token takes the place of an unredeemed older one.
  [[nodiscard]] Result<MintedToken> mint(std::string_view server);

  /// Sends one attempt through `send(token) -> Result<T>`, and once more with a fresh token when the sidecar restarted
  /// in between (unknown_key): that token can never be redeemed, so nothing ran.
  template <class Send>
  auto attempt(std::string_view server, Send&& send) -> decltype(send(std::declval<const MintedToken&>())) {
    auto minted = mint(server);
    if (!minted) return refuse(minted.error());
    auto sent = send(*minted);
    if (sent || sent.error().code != Code::unknown_key) return sent;
    minted = mint(server);
    if (!minted) return refuse(minted.error());
    return send(*minted);
  }

  /// Reports the outcome; durable when it returns. The index of its event. The first report counts.
  [[nodiscard]] Result<std::uint64_t> finish(const Report& report);
  [[nodiscard]] Result<std::uint64_t> finish(Outcome outcome) { return finish(Report{outcome}); }

 private:
  friend class Client;
  struct State;
  explicit CallScope(std::unique_ptr<State> state);
  void abandon() noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace jeton
