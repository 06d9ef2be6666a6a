// Two verdicts that must agree: this process's own check of the token, and the sidecar's, which also burns it.
#include "jeton/verifier.hpp"

#include <chrono>
#include <mutex>

#include <fmt/core.h>

#include "client/call_state.hpp"
#include "jeton/clock.hpp"

namespace jeton {
namespace {

constexpr std::size_t token_bytes_worth_reporting = 64 * 1024;
constexpr std::chrono::seconds keys_good_for{60};
constexpr std::chrono::seconds refetch_pause{1};

tl::unexpected<Error> strange_answer() {
  return refuse(Code::sidecar_unavailable, "the sidecar's answer to redeem is not the protocol's");
}

}  // namespace

struct Verifier::Shared {
  Client client;
  std::string server;
  std::mutex mutex;
  KeySet keys;
  std::chrono::steady_clock::time_point fetched{};

  enum class Fetch { when_due, now };

  /// The keys, fetched again when they are old or when `kid` is not among them, at most once a second.
  Result<KeySet> keys_for(std::string_view kid, Fetch fetch) {
    const std::lock_guard lock(mutex);
    const auto age = std::chrono::steady_clock::now() - fetched;
    const bool known = keys.find(kid) != nullptr;
    if (age < (known ? keys_good_for : refetch_pause) && fetch == Fetch::when_due) return keys;
    const auto document = client.jwks();
    if (!document) return refuse(document.error());
    auto fresh = KeySet::from_jwks(*document);
    if (!fresh) return refuse(Code::sidecar_unavailable, "the sidecar's keys are unreadable: " + fresh.error().message);
    keys = std::move(*fresh);
    fetched = std::chrono::steady_clock::now();
    return keys;
  }

  Result<VerifiedToken> check(std::string_view token, std::string_view tool, const ArgsDigest& digest,
                              Fetch fetch = Fetch::when_due) {
    auto parsed = UnverifiedToken::parse(token);
    if (!parsed) return refuse(parsed.error());
    const auto current = keys_for(parsed->kid(), fetch);
    if (!current) return refuse(current.error());
    auto genuine = GenuineToken::verify(std::move(*parsed), *current);
    if (!genuine) return refuse(genuine.error());
    return VerifiedToken::check(std::move(*genuine), {client.issuer(), server, std::string(tool), digest});
  }
};

Result<Verifier> Verifier::connect(std::string server, const ClientOptions& options) {
  auto client = Client::connect(options);
  if (!client) return refuse(client.error());
  return Verifier(std::shared_ptr<Shared>(new Shared{std::move(*client), std::move(server), {}, {}, {}}));
}

Result<VerifiedToken> Verifier::verify(std::string_view token, std::string_view tool, const Json& arguments) const {
  const auto digest = args_digest(tool, arguments);
  if (!digest) return refuse(digest.error());
  auto verified = shared_->check(token, tool, *digest);
  if (!verified) return verified;
  if (auto in_time = verified->in_time(SystemClock().wall_us()); !in_time) return refuse(in_time.error());
  return verified;
}

Result<Redemption> Verifier::redeem(std::string_view token, std::string_view tool, const Json& arguments,
                                    std::string redemption_id) const {
  const auto digest = args_digest(tool, arguments);
  if (!digest) return refuse(digest.error());
  auto verified = shared_->check(token, tool, *digest);
  if (!verified && token.size() > token_bytes_worth_reporting) return refuse(verified.error());

  const Json body{{"token", token},
                  {"server", shared_->server},
                  {"tool", tool},
                  {"args_digest", digest->text()},
                  {"redemption_id", redemption_id}};
  auto answer = shared_->client.post("/v1/redeem", body);
  if (!answer && answer.error().code == Code::sidecar_unavailable) answer = shared_->client.post("/v1/redeem", body);
  if (!answer) return refuse(answer.error());
  // The sidecar burned it, so its key is there by now: a restart less than a second ago must not cost the call.
  if (!verified && verified.error().code == Code::unknown_key)
    verified = shared_->check(token, tool, *digest, Shared::Fetch::now);
  if (!verified) return refuse(verified.error());
  try {
    const auto& claims = verified->claims();
    if (answer->at("jti") != claims.jti.text() || answer->at("txn") != claims.txn.text() ||
        answer->at("active") != true)
      return strange_answer();
    return Redemption{std::move(*verified),
                      arguments,
                      std::move(redemption_id),
                      count_of(*answer, "redeemed_at"),
                      count_of(*answer, "attempt"),
                      count_of(*answer, "prior_redemptions"),
                      answer->at("repeated").get<bool>(),
                      static_cast<std::uint64_t>(count_of(*answer, "log_index"))};
  } catch (const Json::exception&) {
    return strange_answer();
  }
}

Result<std::uint64_t> Verifier::report(const Redemption& redemption, const Report& report) const {
  const auto& claims = redemption.token.claims();
  Json body{{"jti", claims.jti.text()}, {"outcome", name_of(report.outcome)}};
  if (report.detail) body["detail"] = *report.detail;
  if (report.duration_ms) body["duration_ms"] = *report.duration_ms;
  auto answer = shared_->client.post(fmt::format("/v1/calls/{}/outcome", claims.txn.text()), body);
  if (!answer) return refuse(answer.error());
  if (!answer->is_object() || !answer->value("log_index", Json()).is_number_unsigned())
    return refuse(Code::sidecar_unavailable, "the sidecar's answer to the outcome is not the protocol's");
  return answer->at("log_index").get<std::uint64_t>();
}

const std::string& Verifier::server() const { return shared_->server; }

Json Redemption::receipt() const {
  return {{"jti", token.claims().jti.text()}, {"redeemed_at", redeemed_at}, {"log_index", log_index}};
}

}  // namespace jeton
