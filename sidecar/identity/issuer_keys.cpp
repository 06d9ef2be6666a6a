// When keys are fetched, by whom, and what is not taken for keys.
#include "identity/issuer_keys.hpp"

#include <exception>
#include <new>

#include <fmt/core.h>

#include "ops/log.hpp"
#include "ops/owned_file.hpp"

namespace jeton {
namespace {

constexpr JsonLimits key_set_limits{.bytes = 1 << 20, .depth = 16};
constexpr int in_refresh_max = 2;

/// A request waits for the fetch. Where its key is at hand it can do without, and waits a little only.
FetchLimits fetch_limits(const std::string& authorities, bool can_do_without) {
  FetchLimits limits;
  limits.content_types = {"application/jwk-set+json", "application/json"};
  limits.authorities = authorities;
  if (can_do_without) {
    limits.connect_ms = 500;
    limits.timeout_ms = 1'000;
  }
  return limits;
}

/// SPIFFE Trust Domain and Bundle section 4.2: what signs JWT-SVIDs says so.
std::string_view use_of_keys(std::string_view issuer) { return issuer.starts_with("spiffe://") ? "jwt-svid" : "sig"; }

}  // namespace

IssuerKeys::IssuerKeys(Source source, Fetch* fetch, const Clock& clock, uid_t owner)
    : source_(std::move(source)), fetch_(fetch), clock_(clock), owner_(owner) {}

std::shared_ptr<const ForeignKeySet> IssuerKeys::current() const {
  const std::lock_guard lock(mutex_);
  return believed(clock_.boot_us());
}

/// A file says what holds as long as it is there; a URL may have been kept from saying that it does not.
std::shared_ptr<const ForeignKeySet> IssuerKeys::believed(std::int64_t now_us) const {
  return keys_ && (is_file() || now_us - read_at_us_ < kept_us) ? keys_ : nullptr;
}

bool IssuerKeys::is_stale(std::int64_t now_us) const {
  return expired_ || (!is_file() && now_us - read_at_us_ >= fresh_us);
}

bool IssuerKeys::may_try(std::int64_t now_us) const {
  return !tried_at_us_ || now_us - *tried_at_us_ >= between_tries_us;
}

bool IssuerKeys::lacks(std::optional<std::string_view> kid, Algorithm algorithm) const {
  const auto keys = current();
  return !keys || keys->candidates(kid, algorithm).empty();
}

bool IssuerKeys::worth_refreshing(std::optional<std::string_view> kid, Algorithm algorithm) const {
  const int refreshing = in_refresh_;
  if (refreshing >= in_refresh_max) return false;
  const std::lock_guard lock(mutex_);
  const auto now_us = clock_.boot_us();
  const auto keys = believed(now_us);
  // Who lacks its key waits for a fetch that is under way; who only has an old one goes on with it.
  if (!keys || keys->candidates(kid, algorithm).empty()) return may_try(now_us) || refreshing > 0;
  return refreshing == 0 && may_try(now_us) && is_stale(now_us);
}

void IssuerKeys::refresh(bool lacking) noexcept {
  if (in_refresh_.fetch_add(1) < in_refresh_max) try {
      const std::lock_guard reading(reading_);
      if (const auto have_some = begin_try()) keep(read(*have_some && !lacking));
    } catch (const std::exception& error) {
      log_line(Level::error, "keys of an issuer could not be fetched by a mistake of our own",
               {{"issuer", source_.issuer}, {"what", error.what()}});
    }
  --in_refresh_;
}

std::optional<bool> IssuerKeys::begin_try() {
  const std::lock_guard lock(mutex_);
  const auto now_us = clock_.boot_us();
  if (!may_try(now_us)) return std::nullopt;
  tried_at_us_ = now_us;
  return believed(now_us) != nullptr;
}

Result<void> IssuerKeys::read_now() {
  const std::lock_guard reading(reading_);
  auto keys = read(false);
  if (!keys) return refuse(keys.error());
  keep(std::move(keys));
  return {};
}

void IssuerKeys::expire() {
  const std::lock_guard lock(mutex_);
  expired_ = true;
  tried_at_us_.reset();
}

IssuerKeys::Status IssuerKeys::status() const {
  const std::lock_guard lock(mutex_);
  Status status{keys_ ? keys_->keys().size() : 0, std::nullopt, fault_};
  if (keys_) status.age_s = (clock_.boot_us() - read_at_us_) / us_per_s;
  return status;
}

Result<std::string> IssuerKeys::text(bool can_do_without) {
  if (is_file()) return read_owned_file(source_.jwks, owner_);
  if (fetch_ == nullptr) return refuse(Code::internal, "this jetond was started without a URL to fetch; restart it");
  return fetch_->fetch(source_.jwks, fetch_limits(source_.authorities, can_do_without));
}

Result<ForeignKeySet> IssuerKeys::read(bool can_do_without) {
  const auto said = text(can_do_without);
  if (!said) return refuse(said.error());
  const auto unusable = [&](std::string_view why) {
    return refuse(Code::bad_request, fmt::format("{}: {}", source_.jwks, why));
  };
  const auto document = parse_json_strictly(*said, key_set_limits);
  // Not the parser's own message: its pointer could hold names of the sender's choice.
  if (!document) return unusable("is no strict JSON, or nested deeper than a JWK Set is");
  auto keys = ForeignKeySet::from_jwks(*document, use_of_keys(source_.issuer));
  if (!keys) return unusable(keys.error().message);
  if (keys->keys().empty()) return unusable("has no key for EdDSA, ES256 or RS256");
  return std::move(*keys);
}

void IssuerKeys::keep(Result<ForeignKeySet> read) {
  const auto keys = read ? std::make_shared<const ForeignKeySet>(std::move(*read)) : nullptr;
  const auto fault = read ? std::string() : read.error().message;
  bool news = false;
  {
    const std::lock_guard lock(mutex_);
    news = fault != fault_;
    fault_ = fault;
    if (keys) {
      keys_ = keys;
      read_at_us_ = clock_.boot_us();
      expired_ = false;
    }
  }
  if (!news) return;
  if (keys)
    log_line(Level::info, "the keys of an issuer can be fetched again", {{"issuer", source_.issuer}});
  else
    log_line(Level::warning, "the keys of an issuer are not renewed", {{"issuer", source_.issuer}, {"why", fault}});
}

}  // namespace jeton
