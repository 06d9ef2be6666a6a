// The tool server's side: verify everything about a token against what was really received, then redeem it, then run.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "jeton/client.hpp"
#include "jeton/token.hpp"

namespace jeton {

/// A redeemed token: the right to run this call, now, with these arguments.
struct Redemption {
  VerifiedToken token;
  Json arguments;  ///< the values that were digested; run the tool with these and no others
  std::string redemption_id;
  std::int64_t redeemed_at;  ///< NumericDate
  std::int64_t attempt;
  std::int64_t prior_redemptions;  ///< how often this call was redeemed before; more than 0 means it may have run
  bool repeated;                   ///< the same redemption was answered before: this redeemer asked again
  std::uint64_t log_index;

  /// What the result's _meta["dev.jeton/receipt"] carries.
  [[nodiscard]] Json receipt() const;
};

/// For one server name (RFC 9728 resource, or mcp:stdio:<name>). Thread-safe.
class Verifier {
 public:
  /// Keys are fetched through the socket and again when a token names one that is not known, at most once a second.
  [[nodiscard]] static Result<Verifier> connect(std::string server, const ClientOptions& options = {});

  /// Everything but the spending: genuineness, issuer, server, tool, arguments, time (5 s of skew). No event is written
  /// and nothing burns, so a token that verifies may still be spent: never run a tool on this alone.
  [[nodiscard]] Result<VerifiedToken> verify(std::string_view token, std::string_view tool,
                                             const Json& arguments) const;

  /// Verifies here, then asks the sidecar, which verifies again, judges the time and burns. Both must agree. Only a
  /// redemption gives the right to run the tool. A token that fails here is shown to the sidecar all the same, so that
  /// the refusal is on record; it cannot burn. log_unavailable and sidecar_unavailable mean *unknown*: ask again with
  /// the same `redemption_id`.
  [[nodiscard]] Result<Redemption> redeem(std::string_view token, std::string_view tool, const Json& arguments,
                                          std::string redemption_id = random_id()) const;

  /// Reports how the tool went, as its server saw it.
  [[nodiscard]] Result<std::uint64_t> report(const Redemption& redemption, const Report& report) const;

  [[nodiscard]] const std::string& server() const;

 private:
  struct Shared;
  explicit Verifier(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
  std::shared_ptr<Shared> shared_;
};

}  // namespace jeton
