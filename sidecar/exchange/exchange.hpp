// The use cases: open, mint, redeem, finish. Everything a token can go through, and nothing about how it was asked for.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "attest/caller.hpp"
#include "exchange/minted_tokens.hpp"
#include "exchange/rate.hpp"
#include "exchange/refusal_meter.hpp"
#include "exchange/requests.hpp"
#include "identity/keyring.hpp"
#include "identity/log_secret.hpp"
#include "identity/roles.hpp"
#include "jeton/clock.hpp"
#include "jeton/redemption_key.hpp"
#include "policy/policy.hpp"
#include "store/call.hpp"
#include "store/store.hpp"

namespace jeton {

/// What is known of a request that was refused, for its event.
struct Refusal {
  Verb verb = Verb::request;
  std::optional<Txn> txn = std::nullopt;
  std::optional<Jti> jti = std::nullopt;
  std::optional<std::string> server = std::nullopt;
  std::optional<std::string> tool = std::nullopt;
  std::optional<std::int64_t> attempt = std::nullopt;
  std::optional<std::string> call_id = std::nullopt;
  std::optional<Sha256> token_sha256 = std::nullopt;
  std::optional<Event> first_redemption = std::nullopt;
};

/// Decides and records. Every function runs inside `Store::transact`: its events are durable, and its answer may leave,
/// only when that returns. A refusal is an Error whose event is in the same transaction. One thread.
class Exchange {
 public:
  struct Parts {
    Store& store;
    const Policy& policy;
    const Roles& roles;
    Keyring& keyring;
    const LogSecret& secret;
    const Clock& clock;
    std::string issuer;
  };
  explicit Exchange(const Parts& parts)
      : parts_(parts), wall_ahead_us_(parts.clock.wall_us() - parts.clock.boot_us()) {}

  /// Begins a call, or finds it again by `open_id`; with a server it also mints the next attempt.
  /// unknown_agent, unknown_server, no_grant, call_mismatch, unknown_call (over), and what `mint` refuses with.
  [[nodiscard]] Result<Opened> open(const Caller& caller, const OpenRequest& request);

  /// The next attempt of a call. Supersedes an unredeemed one in the same transaction, so at most one token is live.
  /// unknown_call, call_mismatch, no_grant, too_many_attempts, rate_limited.
  [[nodiscard]] Result<Minted> mint(const Caller& caller, const MintRequest& request);

  /// Spends a token, once, for ever; or repeats the answer to the redeemer that already got it. Nothing burns unless
  /// every check passed. The order of the checks is the protocol's.
  [[nodiscard]] Result<Redeemed> redeem(const Caller& caller, const RedeemRequest& request);

  /// What became of the transaction the last redemptions stood in. Durable ones stay spent here whatever the log says
  /// later, so an older log put back under a running daemon un-redeems nothing.
  void settle_burns(bool durable);

  /// Records how it went, as the opener or the redeemer saw it. The first report of each counts.
  [[nodiscard]] Result<Finished> finish(const Caller& caller, const FinishRequest& request);

  /// Makes a refusal of any layer an event, or counts it, and says in the error where it stands.
  [[nodiscard]] Error refused(const Caller& caller, Error error, const Refusal& about);

  /// The daemon's own events.
  void record(EventKind kind, const std::function<void(Event&)>& fill = {});
  /// The events time has made due: a rotation, a jump of the wall clock, counted refusals (`all` of them at stop). Once
  /// they are durable, `settle`.
  [[nodiscard]] std::vector<Event> due(bool all) const;
  void settle(const std::vector<Event>& durable);
  void set_disk_low(bool low) { meter_.set_disk_low(low); }

 private:
  [[nodiscard]] Result<const AgentEntry*> agent_of(const Caller& caller) const;
  [[nodiscard]] Event event_of(EventKind kind, Role role, const Caller& caller) const;
  [[nodiscard]] Result<Opened> open_again(const Caller& caller, const AgentEntry& agent, const OpenRequest& request,
                                          const Call& call);
  [[nodiscard]] Result<Minted> mint_attempt(const Caller& caller, const AgentEntry& agent, const Txn& txn,
                                            const Call* call, const std::string& server, const CallBinding& binding,
                                            const OpenRequest* opening);
  [[nodiscard]] Result<Permit> permit_attempt(const AgentEntry& agent, const Txn& txn, const Call* call,
                                              const std::string& server, const CallBinding& binding);
  [[nodiscard]] Previous previous_of(const Call* call) const;
  [[nodiscard]] Result<GenuineToken> genuine(const UnverifiedToken& token) const;
  [[nodiscard]] Result<Redeemed> redeem_genuine(const Caller& caller, const RedeemRequest& request, GenuineToken token,
                                                Refusal& about);
  [[nodiscard]] Result<Redeemed> burn(const Caller& caller, const ServerEntry& server, const VerifiedToken& token,
                                      const RedemptionKey& key, const Call& call);

  Parts parts_;
  MintedTokens minted_;
  std::vector<std::pair<Jti, MintedTokens::Burn>> burning_;  ///< in the transaction at hand
  MintRate rate_;
  RefusalMeter meter_;
  std::int64_t wall_ahead_us_;  ///< wall minus boot clock, when last looked at
};

/// Puts what an opening says about itself into its event.
void describe(Event& event, const OpenRequest& opening);

}  // namespace jeton
