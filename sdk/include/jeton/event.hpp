// One row of the append-only log, and the bytes of its leaf.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "jeton/error.hpp"
#include "jeton/hash.hpp"
#include "jeton/id.hpp"
#include "jeton/json.hpp"

namespace jeton {

/// What happened. The numbers are stored and never reused.
enum class EventKind : std::uint8_t {
  sidecar_started = 1,
  sidecar_stopped = 2,
  key_rotated = 3,
  config_loaded = 4,
  config_rejected = 5,
  call_opened = 6,
  token_minted = 7,
  token_superseded = 8,
  token_redeemed = 9,
  token_revoked = 10,
  call_outcome = 11,
  request_refused = 12,
  refusals_suppressed = 13,
  agent_disabled = 14,
  agent_enabled = 15,
  session_opened = 16,
  log_recovered = 17,
  log_archived = 18,
  federation_minted = 19,
  clock_jumped = 20,
};

enum class Role : std::uint8_t { agent = 1, server = 2, operator_ = 3, reviewer = 4, peer = 5, daemon = 6 };
enum class Verb : std::uint8_t {
  open = 1,
  mint = 2,
  redeem = 3,
  finish = 4,
  revoke = 5,
  request = 6,
  disable = 7,
  enable = 8
};
enum class Outcome : std::uint8_t { ok = 1, tool_error = 2, transport_error = 3, cancelled = 4, unknown = 5 };
/// What became of the attempt before, as a mint reports it.
enum class Previous : std::uint8_t { none = 1, unredeemed = 2, redeemed = 3, expired = 4, revoked = 5 };
/// Whether the receipt an opener sent back is the one its redemption got.
enum class ReceiptCheck : std::uint8_t { match = 1, mismatch = 2 };

[[nodiscard]] std::string_view name_of(EventKind kind);
[[nodiscard]] std::string_view name_of(Role role);
[[nodiscard]] std::string_view name_of(Verb verb);
[[nodiscard]] std::string_view name_of(Outcome outcome);
[[nodiscard]] std::string_view name_of(Previous previous);
[[nodiscard]] std::string_view name_of(ReceiptCheck receipt);
[[nodiscard]] std::optional<Outcome> outcome_named(std::string_view name);
[[nodiscard]] std::span<const EventKind> all_event_kinds();

/// One event. Only `kind` and `time_us` are always there; the rest as it applies. It never holds a token or an
/// argument.
struct Event {
  std::uint64_t log_index = 0;  ///< given by the store; not part of the leaf: its place in the tree says it
  std::int64_t time_us = 0;
  EventKind kind = EventKind::request_refused;

  std::optional<Txn> txn = std::nullopt;
  std::optional<Jti> jti = std::nullopt;
  std::optional<std::string> agent = std::nullopt;  ///< SPIFFE ID
  std::optional<std::string> server = std::nullopt;
  std::optional<std::string> tool = std::nullopt;  ///< in log form, see `escape_for_log`
  std::optional<std::int64_t> attempt = std::nullopt;
  std::optional<std::string> grant = std::nullopt;

  // Who asked, as the kernel vouches.
  std::optional<Role> role = std::nullopt;
  std::optional<std::int64_t> uid = std::nullopt;
  std::optional<std::int64_t> gid = std::nullopt;
  std::optional<std::int64_t> pid = std::nullopt;
  std::optional<std::string> exe = std::nullopt;
  std::optional<std::string> exe_sha256 = std::nullopt;
  std::optional<std::string> unit = std::nullopt;
  std::optional<std::string> socket = std::nullopt;

  // What a refusal met.
  std::optional<Verb> verb = std::nullopt;
  std::optional<Code> code = std::nullopt;

  // What the caller said about itself.
  std::optional<std::string> call_id = std::nullopt;
  std::optional<std::string> run_id = std::nullopt;
  std::optional<std::string> session_id = std::nullopt;
  std::optional<Txn> parent_txn = std::nullopt;
  std::optional<std::string> traceparent = std::nullopt;
  std::optional<std::string> framework = std::nullopt;
  std::optional<std::string> agent_label = std::nullopt;

  // The token and what became of it.
  std::optional<Sha256> token_sha256 = std::nullopt;
  std::optional<Sha256> args_mac = std::nullopt;  ///< HMAC-SHA-256 of the digest under this call's key
  std::optional<std::int64_t> expires_at = std::nullopt;
  std::optional<Previous> previous = std::nullopt;
  std::optional<RedemptionKey> redemption = std::nullopt;  ///< first half of SHA-256 of the redemption id
  std::optional<std::int64_t> prior_redemptions = std::nullopt;
  std::optional<bool> self_redeemed = std::nullopt;      ///< the server entry has no `match`
  std::optional<std::uint64_t> cites = std::nullopt;     ///< log index of the event this one is about
  std::optional<std::int64_t> first_uid = std::nullopt;  ///< of a second redemption: who redeemed first
  std::optional<std::int64_t> first_pid = std::nullopt;

  // How it went.
  std::optional<Outcome> outcome = std::nullopt;
  std::optional<std::string> detail = std::nullopt;  ///< a code, never free text
  std::optional<std::int64_t> duration_ms = std::nullopt;
  std::optional<ReceiptCheck> receipt = std::nullopt;

  // Counted refusals and the daemon's own events.
  std::optional<std::int64_t> count = std::nullopt;
  std::optional<std::int64_t> first_us = std::nullopt;
  std::optional<std::int64_t> last_us = std::nullopt;
  std::optional<Sha256> config_sha256 = std::nullopt;

  // The checkpoint of an earlier log that a new one begins from.
  std::optional<std::string> cited_origin = std::nullopt;
  std::optional<std::int64_t> cited_size = std::nullopt;
  std::optional<Sha256> cited_root = std::nullopt;

  // Arguments that were recorded, sealed to the reviewer's key beside the log.
  std::optional<Sha256> sealed_sha256 = std::nullopt;  ///< of the sealed bytes

  // A client that proved itself by a signature, over the network or with another issuer's token.
  std::optional<std::string> auth = std::nullopt;          ///< private_key_jwt, tls_client_auth or federated_jwt
  std::optional<std::string> auth_issuer = std::nullopt;   ///< who vouched for it, in log form
  std::optional<std::string> auth_subject = std::nullopt;  ///< what that issuer calls it, in log form
  std::optional<std::string> remote = std::nullopt;        ///< address of the peer over TCP

  // On whose behalf, and who else decided.
  std::optional<std::string> subject = std::nullopt;          ///< the token's sub, where it is not the agent
  std::optional<std::string> subject_issuer = std::nullopt;   ///< who vouched for that subject
  std::optional<std::int64_t> subject_until = std::nullopt;   ///< NumericDate: no token of this call lives longer
  std::optional<std::string> decision_id = std::nullopt;      ///< of the external policy's decision
  std::optional<std::string> decision_reason = std::nullopt;  ///< its reason, in log form

  bool operator==(const Event&) const = default;
};

/// How a text member is kept: many rows share a term, an inline text is the row's own.
enum class Kept { inline_, term };

/// The one list of members, each with the name it has in the leaf and in the table `event`. `E` is Event or const
/// Event.
template <class E, class Visit>
void for_each_member(E& event, Visit&& visit) {
  visit("txn", event.txn);
  visit("jti", event.jti);
  visit("agent", event.agent, Kept::term);
  visit("server", event.server, Kept::term);
  visit("tool", event.tool, Kept::term);
  visit("attempt", event.attempt);
  visit("grant", event.grant, Kept::term);
  visit("role", event.role);
  visit("uid", event.uid);
  visit("gid", event.gid);
  visit("pid", event.pid);
  visit("exe", event.exe, Kept::term);
  visit("exe_sha256", event.exe_sha256, Kept::term);
  visit("unit", event.unit, Kept::term);
  visit("socket", event.socket, Kept::term);
  visit("verb", event.verb);
  visit("code", event.code);
  visit("call_id", event.call_id, Kept::inline_);
  visit("run_id", event.run_id, Kept::term);
  visit("session_id", event.session_id, Kept::term);
  visit("parent_txn", event.parent_txn);
  visit("traceparent", event.traceparent, Kept::inline_);
  visit("framework", event.framework, Kept::term);
  visit("agent_label", event.agent_label, Kept::term);
  visit("token_sha256", event.token_sha256);
  visit("args_mac", event.args_mac);
  visit("expires_at", event.expires_at);
  visit("previous", event.previous);
  visit("redemption", event.redemption);
  visit("prior_redemptions", event.prior_redemptions);
  visit("self_redeemed", event.self_redeemed);
  visit("cites", event.cites);
  visit("first_uid", event.first_uid);
  visit("first_pid", event.first_pid);
  visit("outcome", event.outcome);
  visit("detail", event.detail, Kept::inline_);
  visit("duration_ms", event.duration_ms);
  visit("receipt", event.receipt);
  visit("count", event.count);
  visit("first_us", event.first_us);
  visit("last_us", event.last_us);
  visit("config_sha256", event.config_sha256);
  visit("cited_origin", event.cited_origin, Kept::term);
  visit("cited_size", event.cited_size);
  visit("cited_root", event.cited_root);
  visit("sealed_sha256", event.sealed_sha256);
  visit("auth", event.auth, Kept::term);
  visit("auth_issuer", event.auth_issuer, Kept::term);
  visit("auth_subject", event.auth_subject, Kept::term);
  visit("remote", event.remote, Kept::term);
  visit("subject", event.subject, Kept::term);
  visit("subject_issuer", event.subject_issuer, Kept::term);
  visit("subject_until", event.subject_until);
  visit("decision_id", event.decision_id, Kept::inline_);
  visit("decision_reason", event.decision_reason, Kept::term);
}

/// The leaf's members in their JSON form: ids as base64url, digests as hex, names as words; absent ones are left out.
[[nodiscard]] Json leaf_json(const Event& event);

/// The leaf: RFC 8785 bytes of the event's members. Below 65,536 bytes for every event the
/// sidecar can make.
[[nodiscard]] std::string leaf_bytes(const Event& event);

/// RFC 6962 section 2.1: SHA-256(0x00 || leaf).
[[nodiscard]] Sha256 leaf_hash(const Event& event);
[[nodiscard]] Sha256 hash_of_leaf(std::string_view leaf);

/// A name as the log keeps it: bytes outside [!-~], and %, as %XX. Harmless in a terminal, in HTML text and in CSV.
[[nodiscard]] std::string escape_for_log(std::string_view name);

/// Whether a text may stand in the log as an id or a code: [!-~]{1,128}.
[[nodiscard]] bool is_log_id(std::string_view text);

}  // namespace jeton
