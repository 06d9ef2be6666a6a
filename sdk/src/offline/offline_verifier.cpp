// The whole verdict in this process: nobody else is asked, so everything must pass here before the token burns.
#include "jeton/offline_verifier.hpp"

#include <mutex>

#include <fmt/core.h>

#include "jeton/client.hpp"

namespace jeton {

struct OfflineVerifier::Shared {
  const std::string server;
  const std::string issuer;
  const std::shared_ptr<ReplayStore> store;
  const std::shared_ptr<const Clock> clock;
  const std::optional<DomainRoot> root;
  std::mutex mutex;
  std::shared_ptr<const KeySet> keys;

  std::shared_ptr<const KeySet> current_keys() {
    const std::lock_guard lock(mutex);
    return keys;
  }

  [[nodiscard]] Result<KeySet> read(const Json& jwks) const {
    return root ? KeySet::from_certified_jwks(jwks, *root, clock->wall_us()) : KeySet::from_jwks(jwks);
  }

  /// Any daemon of the domain, where no issuer was named: that a key's tokens name its own was part of their being
  /// genuine.
  [[nodiscard]] std::string issuer_of(const GenuineToken& token) const {
    return root && issuer.empty() ? token.claims().iss : issuer;
  }

  Result<VerifiedToken> check(std::string_view compact, std::string_view tool, const Json& arguments) {
    auto token = UnverifiedToken::parse(compact);
    if (!token) return refuse(token.error());
    const auto digest = args_digest(tool, arguments);
    if (!digest) return refuse(digest.error());
    auto genuine = GenuineToken::verify(std::move(*token), current_keys()->in_time(clock->wall_us()));
    if (!genuine) return refuse(genuine.error());
    auto iss = issuer_of(*genuine);
    return VerifiedToken::check(std::move(*genuine), {std::move(iss), server, std::string(tool), *digest});
  }
};

Result<OfflineVerifier> OfflineVerifier::make(OfflineSetup setup) {
  if (setup.server.empty()) return refuse(Code::bad_request, "an offline verifier needs the name of its server");
  if (setup.issuer.empty() && !setup.root)
    return refuse(Code::bad_request, "an offline verifier needs the issuer of its tokens");
  if (!setup.store || !setup.clock)
    return refuse(Code::bad_request, "an offline verifier needs a replay store and a clock");
  std::shared_ptr<Shared> shared(new Shared{std::move(setup.server),
                                            std::move(setup.issuer),
                                            std::move(setup.store),
                                            std::move(setup.clock),
                                            std::move(setup.root),
                                            {},
                                            std::make_shared<const KeySet>()});
  OfflineVerifier verifier(std::move(shared));
  // Who believes a root may begin without keys: every token is then unknown_key.
  if (verifier.shared_->root && setup.jwks.is_null()) return verifier;
  if (auto set = verifier.set_keys(setup.jwks); !set) return refuse(set.error());
  return verifier;
}

Result<OfflineRedemption> OfflineVerifier::redeem(std::string_view token, std::string_view tool, const Json& arguments,
                                                  std::string redemption_id) const {
  if (!is_log_id(redemption_id))
    return refuse(Code::bad_request, "a redemption_id is 1 to 128 printable characters of the redeemer's own making");
  auto verified = shared_->check(token, tool, arguments);
  if (!verified) return refuse(verified.error());
  auto burned = shared_->store->burn(*verified, redemption_key(redemption_id), shared_->clock->wall_us());
  if (!burned) {
    auto error = burned.error();
    error.txn = verified->claims().txn.text();
    return refuse(std::move(error));
  }
  const auto attempt = verified->claims().attempt;
  return OfflineRedemption{std::move(*verified), arguments, std::move(redemption_id),
                           burned->redeemed_at,  attempt,   burned->repeated};
}

Result<void> OfflineVerifier::set_keys(const Json& jwks) const {
  auto keys = shared_->read(jwks);
  if (!keys) return refuse(keys.error());
  const std::lock_guard lock(shared_->mutex);
  shared_->keys = std::make_shared<const KeySet>(std::move(*keys));
  return {};
}

Result<void> OfflineVerifier::add_keys(const Json& jwks) const {
  if (!shared_->root) return refuse(Code::bad_request, "without a root there is one issuer, and its keys are set");
  const auto more = shared_->read(jwks);
  if (!more) return refuse(more.error());
  const std::lock_guard lock(shared_->mutex);
  auto all = shared_->keys->in_time(shared_->clock->wall_us()).with(*more);
  if (!all) return refuse(all.error());
  shared_->keys = std::make_shared<const KeySet>(std::move(*all));
  return {};
}

Result<void> OfflineVerifier::fetch_keys(const Client& sidecar) const {
  if (!shared_->issuer.empty() && sidecar.issuer() != shared_->issuer)
    return refuse(Code::wrong_issuer, "this sidecar is another issuer than that of the tokens");
  const auto jwks = sidecar.jwks();
  if (!jwks) return refuse(jwks.error());
  return set_keys(*jwks);
}

Result<std::uint64_t> OfflineVerifier::report(const Client& sidecar, const OfflineRedemption& redemption,
                                              const Report& report) const {
  const auto& claims = redemption.token.claims();
  Json body{{"jti", claims.jti.text()}, {"outcome", name_of(report.outcome)}};
  if (report.detail) body["detail"] = *report.detail;
  if (report.duration_ms) body["duration_ms"] = *report.duration_ms;
  const auto answer = sidecar.post(fmt::format("/v1/calls/{}/outcome", claims.txn.text()), body);
  if (!answer) return refuse(answer.error());
  if (!answer->is_object() || !answer->value("log_index", Json()).is_number_unsigned())
    return refuse(Code::sidecar_unavailable, "the sidecar's answer to the outcome is not the protocol's");
  return answer->at("log_index").get<std::uint64_t>();
}

const std::string& OfflineVerifier::server() const { return shared_->server; }

}  // namespace jeton
