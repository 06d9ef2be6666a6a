// The use cases: open, mint, redeem, finish, revoke. Everything a token can go through, and nothing about how it was
// asked for.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "attest/caller.hpp"
#include "exchange/authority.hpp"
#include "exchange/controls.hpp"
#include "exchange/log_ages.hpp"
#include "exchange/minted_tokens.hpp"
#include "exchange/rate.hpp"
#include "exchange/refusal_meter.hpp"
#include "exchange/requests.hpp"
#include "identity/federation_keys.hpp"
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
  std::optional<std::string> relying_party = std::nullopt;  ///< a federation token was asked for
  std::shared_ptr<const Verdict> verdict = nullptr;
};

/// Decides and records. Every function runs inside `transact`: its events are durable, and its answer may leave, only
/// when that returns. A refusal is an Error whose event is in the same transaction. One thread.
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
    FederationKeys* federation = nullptr;  ///< none: no federation tokens
  };
  /// Reads from the log who is disabled and what is revoked. Throws LogDamaged.
  explicit Exchange(const Parts& parts);

  /// Runs `work` in one transaction of the store, behind the events of what was revoked or switched while the log could
  /// not be written. Keeps memory in step with what became of it: durable burns stay burned here whatever the log says
  /// later, so an older log put back under a running daemon un-redeems nothing.
  /// `returned` is called between the store's return and that.
  [[nodiscard]] Result<void> transact(
      const std::function<void()>& work, const std::function<void()>& returned = [] {});
  /// Inside transact: runs `part`, and takes back only what it appended when it throws; then throws on.
  void isolate(const std::function<void()>& part);

  /// Begins a call, or finds it again by `open_id`; with a server it also mints the next attempt.
  /// unknown_agent, unknown_server, no_grant, call_mismatch, unknown_call (over), and what `mint` refuses with.
  [[nodiscard]] Result<Opened> open(const Caller& caller, const OpenRequest& request);

  /// The next attempt of a call. Supersedes an unredeemed one in the same transaction, so at most one token is live.
  /// unknown_call, call_mismatch, no_grant, too_many_attempts, rate_limited; overloaded while the first key of the
  /// server's algorithm is being made.
  [[nodiscard]] Result<Minted> mint(const Caller& caller, const MintRequest& request);

  /// What an engine is to be asked before `open` or `mint` decides, as far as it is known now; nothing where they
  /// refuse without it. Outside of transact; reads the log and writes nothing. Throws what reading it throws.
  [[nodiscard]] std::optional<EngineQuestion> question(const Caller& caller, const OpenRequest& request,
                                                       bool with_arguments) const;
  [[nodiscard]] std::optional<EngineQuestion> question(const Caller& caller, const MintRequest& request,
                                                       bool with_arguments) const;

  /// Spends a token, once, for ever; or repeats the answer to the redeemer that already got it. Nothing burns unless
  /// every check passed. The order of the checks is the protocol's.
  [[nodiscard]] Result<Redeemed> redeem(const Caller& caller, const RedeemRequest& request);

  /// RFC 7662: the claims of a token that this caller, its tool server, could redeem now, but for the arguments, as
  /// the JSON that was signed. Changes nothing; why a token is not active is nobody's to learn here.
  [[nodiscard]] std::optional<std::string> introspect(const Caller& caller, std::string_view token) const;

  /// RFC 7009: which live token of this process a text is, byte for byte; none for any other text.
  [[nodiscard]] std::optional<Jti> live_token(std::string_view token) const;

  /// A federation token for a relying party that names the caller's agent: not single-use, and on record before it
  /// leaves. unattested_peer for who is no account, unknown_agent, wrong_role, agent_disabled, unknown_server for a
  /// party that is not configured, no_grant, rate_limited; overloaded while its key is being made.
  [[nodiscard]] Result<Federated> federate(const Caller& caller, const FederationRequest& request);

  /// Records how it went, as the opener or the redeemer saw it. The first report of each counts.
  [[nodiscard]] Result<Finished> finish(const Caller& caller, const FinishRequest& request);

  /// Ends live tokens; a call or a run for good. unknown_agent, wrong_role, unknown_call, rate_limited. It holds at
  /// once, also when the transaction fails: then its events are the first of the next one.
  [[nodiscard]] Result<Revoked> revoke(const Caller& caller, const RevokeRequest& request);
  /// The kill switch, in the same way: a disabled agent opens and mints nothing. wrong_role, unknown_agent.
  [[nodiscard]] Result<Switched> switch_agent(const Caller& caller, const SwitchRequest& request);

  /// Lets the log go of its beginning, which a copy holds: appends `log.archived`, and rows go from then on (Store). It
  /// is rounded down to whole tiles, to what a kept head covers, and to what this process found or has written a day
  /// ago; what holds on stays. wrong_role, unknown_agent; bad_request for a copy of another log, and for events that
  /// are younger than a day.
  [[nodiscard]] Result<Archiving> archive(const Caller& caller, const ArchiveRequest& request);

  /// Outside of transact, for a log that cannot be written: the same effects, and no event yet. Again after a
  /// transaction that failed, it ends what came back to life with that; a switch that was `thrown` is not thrown twice.
  /// Where the log may not even be read, what cannot be decided without it is log_unavailable. What a transaction that
  /// still hangs would end is ended as well: should it fail, nothing of it comes back to life.
  [[nodiscard]] Result<void> revoke_in_memory(const Caller& caller, const RevokeRequest& request, bool may_read = true);
  [[nodiscard]] Result<void> switch_in_memory(const Caller& caller, const SwitchRequest& request, bool thrown);
  [[nodiscard]] const Controls& controls() const { return controls_; }
  /// Tokens that could be redeemed now.
  [[nodiscard]] std::size_t live_tokens() const {
    return minted_.live(parts_.clock.boot_us(), [](const MintedTokens::Entry&) { return true; }).size();
  }

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
  [[nodiscard]] std::optional<Error> not_archived(const Caller& caller, const ArchiveRequest& request) const;
  [[nodiscard]] Event event_of(EventKind kind, Role role, const Caller& caller) const;
  /// Who asks for what: everything a mint is decided by.
  struct Asked {
    const Caller& caller;
    const AgentEntry& agent;
    const Txn& txn;
    const CallBinding& binding;
    const std::optional<std::string>& server;  ///< none: a provisional open
    const Call* call = nullptr;                ///< none: it is being opened
    const OpenRequest* opening = nullptr;      ///< the request at hand, if it is an open
    std::optional<Authority> authority = std::nullopt;
  };
  [[nodiscard]] Result<Opened> open_again(Asked asked);
  /// Why a call that is there is not opened again, but for what the policy says.
  [[nodiscard]] std::optional<Error> not_again(const Asked& asked) const;
  [[nodiscard]] Opened open_provisionally(const Asked& asked, const Permit& permit);
  [[nodiscard]] Result<Minted> mint_attempt(const Asked& asked);
  /// A permit, and in whose minutes it is counted.
  struct Permitted : Permit {
    std::vector<RateLimit> limits = {};
  };
  [[nodiscard]] Result<Permitted> permit_attempt(const Asked& asked) const;
  /// The agent's own permit, narrowed to what everybody permits on whose behalf it acts.
  [[nodiscard]] Result<Permitted> decide(const Asked& asked) const;
  /// rate_limited, for a limit that has no place left; none for null.
  [[nodiscard]] static std::optional<Error> too_often(const Asked& asked, const RateLimit* full, std::string_view what);
  /// Whether a later request, where it says on whose behalf, says what the opening said.
  [[nodiscard]] bool names_same_subject(const Event& opening, const Delegation& delegation) const;
  /// What somebody else who has a say has against what all the above permits. Nothing is minted or opened unasked.
  [[nodiscard]] std::optional<Error> objection(const Asked& asked) const;
  [[nodiscard]] std::optional<EngineQuestion> question_about(const Asked& asked, bool with_arguments) const;
  [[nodiscard]] TokenClaims claims_of(const Asked& asked, const Permit& permit) const;
  [[nodiscard]] Result<std::optional<Authority>> authority_asked(const AgentEntry& agent,
                                                                 const OpenRequest& request) const;
  [[nodiscard]] Result<Authority> authority_of_token(const AgentEntry& agent, const std::string& token) const;
  [[nodiscard]] Result<std::optional<Authority>> authority_of(const Call& call) const;
  [[nodiscard]] Result<Authority> passed_on(const std::string& agent, const Txn& parent, std::int64_t until_s) const;
  [[nodiscard]] Previous previous_of(const Call* call) const;
  [[nodiscard]] Result<const SigningKey*> signer_for(const std::string& server);
  [[nodiscard]] Result<const RelyingParty*> party_for(const Caller& caller, const FederationRequest& request) const;
  [[nodiscard]] Result<GenuineToken> genuine(const UnverifiedToken& token) const;
  [[nodiscard]] Result<Redeemed> redeem_genuine(const Caller& caller, const RedeemRequest& request, GenuineToken token,
                                                Refusal& about);
  struct Revoker;
  struct Ended;
  [[nodiscard]] Result<Revoker> revoker_of(const Caller& caller, bool in_memory, bool may_read) const;
  [[nodiscard]] Result<Ended> end(const Revoker& by, const Caller& caller, const RevokeRequest& request);
  [[nodiscard]] Result<Ended> end_token(const Revoker& by, const Event& order, const Jti& jti);
  [[nodiscard]] Result<Ended> end_call(const Revoker& by, const Event& order, const Txn& txn);
  [[nodiscard]] Result<Ended> end_run(const Revoker& by, const Event& order, const std::string& run_id);
  [[nodiscard]] Result<Ended> end_agent(const Revoker& by, const Event& order, const std::string& name);
  [[nodiscard]] std::int64_t end_live(const Event& order, const MintedTokens::Wanted& wanted, bool in_memory);
  struct Throw;
  [[nodiscard]] Result<std::string> throw_switch(const Caller& caller, const SwitchRequest& request, Throw how);
  [[nodiscard]] std::optional<Error> held_back(const AgentEntry& agent) const;
  [[nodiscard]] std::optional<Error> revoked_for_good(const Call& call) const;
  [[nodiscard]] Result<Redeemed> burn(const Caller& caller, const ServerEntry& server, const VerifiedToken& token,
                                      const RedemptionKey& key, const Call& call);

  Parts parts_;
  MintedTokens minted_;
  /// A transaction failed, and what failed may still be on the disk: memory alone cannot say that a token is unspent.
  bool log_may_know_more_ = false;
  Controls controls_;
  MintRate rate_;          ///< tokens
  MintRate opening_rate_;  ///< calls opened without a server
  MintRate federation_rate_;
  RefusalMeter meter_;
  LogAges ages_;
  std::int64_t wall_ahead_us_;  ///< wall minus boot clock, when last looked at
};

/// Puts what an opening says about itself into its event.
void describe(Event& event, const OpenRequest& opening);
/// Puts into an event what an engine decided, where one was asked.
void describe(Event& event, const Verdict* verdict);

}  // namespace jeton
