// A tool server's side without the sidecar: checks a token with the issuer's public keys and burns it in its own store.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "jeton/call_scope.hpp"
#include "jeton/clock.hpp"
#include "jeton/domain.hpp"
#include "jeton/json.hpp"
#include "jeton/replay_store.hpp"
#include "jeton/token.hpp"

namespace jeton {

class Client;

/// A token that was burned offline: the right to run this call, now, with these arguments.
struct OfflineRedemption {
  VerifiedToken token;
  Json arguments;  ///< the values that were digested; run the tool with these and no others
  std::string redemption_id;
  std::int64_t redeemed_at;  ///< NumericDate
  std::int64_t attempt;
  bool repeated;  ///< this redeemer asked before and may have run the tool
};

/// What an offline verifier is made of.
struct OfflineSetup {
  std::string server;                  ///< RFC 9728 resource, or mcp:stdio:<name>; the tokens' `aud`
  std::string issuer;                  ///< the tokens' `iss`, as GET /v1/status says it; with `root` it may be empty
  Json jwks;                           ///< the issuer's keys, as GET /v1/jwks answers them; with `root` it may be null
  std::shared_ptr<ReplayStore> store;  ///< one for all replicas of `server`
  std::shared_ptr<const Clock> clock = std::make_shared<SystemClock>();
  /// Key sets are then believed wherever they come from, and only as far as this key vouches for them. With an empty
  /// `issuer` any daemon of the domain will do; each token's `iss` is that of its daemon.
  std::optional<DomainRoot> root = std::nullopt;
};

/// For a server whose entry says `verify = "offline"`. Thread-safe; copies share keys and store.
///
/// At most once still holds, as long as every replica burns in one store. What is weaker than redeeming at the sidecar:
/// - Revocation, superseding and the kill switch do not reach it: a token is good until it expires. Nor does
///   `max_redemptions`: several unexpired tokens of one call are each accepted once.
/// - The log learns of a redemption only from `report`, shows it as *reported*, and believes it. A redemption nobody
///   reports is not in the log, and neither is a refusal.
/// - A restart of jetond ends its tokens only once this verifier is given the new keys.
/// - Time is this machine's wall clock with 5 s of skew. Set back, it lets a token live longer that was never used.
/// - An older copy of the store put back, or a deleted one, makes spent tokens good again until they expire.
/// - A repeated redemption needs its key still among the keys; without it the answer is unknown_key.
class OfflineVerifier {
 public:
  /// bad_request when the server, the issuer or the keys are none; with a root what `KeySet::from_certified_jwks` says.
  [[nodiscard]] static Result<OfflineVerifier> make(OfflineSetup setup);

  /// Checks form, arguments, genuineness, issuer, audience, tool and digest; then state and time; and burns only when
  /// all passed. First failure wins. Only a redemption gives the right to run the tool. log_unavailable means
  /// *unknown*: ask again with the same `redemption_id`, which must be the redeemer's own, never from the request.
  [[nodiscard]] Result<OfflineRedemption> redeem(std::string_view token, std::string_view tool, const Json& arguments,
                                                 std::string redemption_id = random_id()) const;

  /// From now on these keys and no others. Keys rotate hourly and the next one is published before it is used, so once
  /// a minute is often enough. bad_request leaves the old ones, and so does every refusal of a key set by a root.
  [[nodiscard]] Result<void> set_keys(const Json& jwks) const;
  /// With a root: these as well, of another daemon of the domain. Those whose certificates have ended are forgotten.
  [[nodiscard]] Result<void> add_keys(const Json& jwks) const;
  /// The same from a sidecar on this machine; wrong_issuer when it is another one's.
  [[nodiscard]] Result<void> fetch_keys(const Client& sidecar) const;

  /// Tells the sidecar how the tool went; this is also its only word of the redemption. Safe to repeat.
  [[nodiscard]] Result<std::uint64_t> report(const Client& sidecar, const OfflineRedemption& redemption,
                                             const Report& report) const;

  [[nodiscard]] const std::string& server() const;

 private:
  struct Shared;
  explicit OfflineVerifier(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
  std::shared_ptr<Shared> shared_;
};

}  // namespace jeton
