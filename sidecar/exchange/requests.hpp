// What callers ask of the exchange and what they get, as values: no HTTP, no JSON text.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "identity/clients.hpp"
#include "jeton/event.hpp"
#include "jeton/token.hpp"
#include "policy/engine.hpp"

namespace jeton {

/// One tool call as a request names it. The digest is the daemon's own where arguments came with the request.
struct CallBinding {
  std::string tool;
  ArgsDigest digest;
  std::optional<Json> arguments = std::nullopt;  ///< for grants that have rules about them; never logged
  /// An engine's, where one decides as well; asked about this very request.
  std::shared_ptr<const Verdict> verdict = nullptr;

  [[nodiscard]] const Json* arguments_if_sent() const { return arguments ? &*arguments : nullptr; }
};

/// On whose behalf an agent asks to act. At most one of the two.
struct Delegation {
  std::optional<Subject> user = std::nullopt;              ///< a user, as an issuer that names this agent has it
  std::optional<std::string> parent_token = std::nullopt;  ///< a redeemed token of ours, of the agent that called

  [[nodiscard]] bool empty() const { return !user && !parent_token; }
};

struct OpenRequest {
  CallBinding call;
  std::optional<std::string> server = std::nullopt;
  std::optional<std::string> open_id = std::nullopt;
  std::optional<std::string> call_id = std::nullopt;
  std::optional<std::string> run_id = std::nullopt;
  std::optional<std::string> session_id = std::nullopt;
  std::optional<Txn> parent_txn = std::nullopt;
  std::optional<std::string> traceparent = std::nullopt;
  std::optional<std::string> framework = std::nullopt;
  std::optional<std::string> agent_label = std::nullopt;
  std::optional<std::string> subject_token = std::nullopt;  ///< as it came; the door makes `delegation` of it
  Delegation delegation = {};
};

struct MintRequest {
  Txn txn;
  std::string server;
  CallBinding call;
  Delegation delegation = {};  ///< if given, it must be that of the opening
};

struct Minted {
  Txn txn;
  Token token;
  Jti jti;
  std::int64_t attempt;
  std::int64_t expires_at;  ///< NumericDate
  Previous previous;
  std::string grant;
  std::uint64_t log_index;
  std::int64_t expires_in;  ///< seconds
  std::optional<std::string> call_id = std::nullopt;
};

struct Opened {
  Txn txn;
  bool provisional;  ///< no server was named: each mint decides finally
  std::string grant;
  std::uint64_t log_index;
  std::optional<Minted> minted;
};

struct FederationRequest {
  std::string relying_party;  ///< by name
};

/// Reusable until it expires, by whoever holds it.
struct Federated {
  Token token;
  Jti jti;
  std::int64_t expires_at;  ///< NumericDate
  std::string relying_party;
  std::string audience;
  std::uint64_t log_index;
};

struct RedeemRequest {
  std::string token;
  std::string server;
  CallBinding call;
  std::string redemption_id;
};

struct Redeemed {
  TokenClaims claims;
  std::int64_t redeemed_at;  ///< NumericDate
  std::int64_t prior_redemptions;
  bool repeated;
  std::uint64_t log_index;
};

/// What a redemption's answer let the opener carry back.
struct Receipt {
  Jti jti;
  std::int64_t redeemed_at;
  std::uint64_t log_index;
};

struct FinishRequest {
  Txn txn;
  Outcome outcome;
  std::optional<Jti> jti = std::nullopt;
  std::optional<std::string> detail = std::nullopt;
  std::optional<std::int64_t> duration_ms = std::nullopt;
  std::optional<Receipt> receipt = std::nullopt;
};

struct Finished {
  std::uint64_t log_index;
};

/// What to end: exactly one of these.
struct RevokeRequest {
  std::optional<Jti> jti = std::nullopt;
  std::optional<Txn> txn = std::nullopt;
  std::optional<std::string> run_id = std::nullopt;
  std::optional<std::string> agent = std::nullopt;  ///< by name
};

struct Revoked {
  std::int64_t revoked;                    ///< tokens that were live
  std::optional<std::uint64_t> log_index;  ///< none when nothing was written, now or before
};

/// The kill switch.
struct SwitchRequest {
  std::string agent;  ///< by name
  bool disable;
};

struct Switched {
  std::uint64_t log_index;  ///< of the event that stands
};

/// What a copy of the log is said to hold, and up to where the log may let go of it.
struct ArchiveRequest {
  std::uint64_t below;   ///< events from here on stay
  std::uint64_t copied;  ///< so many events are in the copy
  Sha256 root;           ///< of their tree
};

struct Archiving {
  std::uint64_t below;                     ///< events below it are archived, now or since before
  std::uint64_t count;                     ///< so many of them go now
  std::optional<std::uint64_t> log_index;  ///< none when nothing was left to archive
};

}  // namespace jeton
