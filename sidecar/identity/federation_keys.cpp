// A key goes into its file before anybody is shown it, so that no restart brings another one.
#include "identity/federation_keys.hpp"

#include <algorithm>
#include <stdexcept>

#include <fmt/core.h>

#include "identity/key_file.hpp"
#include "jeton/kept_key.hpp"
#include "ops/log.hpp"

namespace jeton {
namespace {

/// A PKCS #8 P-256 key takes 138 bytes, an RSA key of 4096 bits 2,375 or so.
constexpr std::size_t der_bytes_min = 64, der_bytes_max = 4096;

constexpr KeyFileKind es256{"jeton federation ES256 1\n", "federation key", "jeton-federation-es256", der_bytes_min,
                            der_bytes_max};
constexpr KeyFileKind rs256{"jeton federation RS256 1\n", "federation key", "jeton-federation-rs256", der_bytes_min,
                            der_bytes_max};

const KeyFileKind& kind_of(Algorithm algorithm) {
  if (algorithm == Algorithm::eddsa) throw std::logic_error("no relying party takes EdDSA");
  return algorithm == Algorithm::es256 ? es256 : rs256;
}

}  // namespace

FederationKeys::FederationKeys(std::filesystem::path state)
    : state_(std::move(state)),
      rs256_([this](const std::function<bool()>& go_on) { return make(Algorithm::rs256, go_on); }) {}

std::filesystem::path FederationKeys::file_of(Algorithm algorithm) const {
  return state_ / (algorithm == Algorithm::es256 ? "federation-es256.key" : "federation-rs256.key");
}

bool FederationKeys::is_credential(Algorithm algorithm) { return jeton::is_credential(kind_of(algorithm)); }

/// For RS256 on the thread that makes it: it reads nothing of this that changes.
std::optional<SigningKey> FederationKeys::make(Algorithm algorithm, const std::function<bool()>& go_on) const {
  const auto der = generate_pkcs8(algorithm, go_on);
  if (!der) return std::nullopt;
  if (!state_.empty())
    if (const auto written = write_key_file(file_of(algorithm), kind_of(algorithm), *der); !written)
      throw std::runtime_error(written.error().message);
  auto key = SigningKey::from_pkcs8(*der);
  if (!key) throw std::runtime_error(key.error().message);
  return std::move(*key);
}

Result<void> FederationKeys::want(const std::set<Algorithm>& algorithms) {
  take_in();
  for (const auto algorithm : algorithms) {
    const auto& kind = kind_of(algorithm);
    if (keys_.count(algorithm) != 0 || (algorithm == Algorithm::rs256 && ordered_)) continue;
    auto found = state_.empty() ? Result<std::optional<Secret>>(std::nullopt) : read_key_file(file_of(algorithm), kind);
    if (!found) return refuse(found.error());
    if (*found) {
      auto key = SigningKey::from_pkcs8(**found);
      if (!key || key->verifying_key().algorithm() != algorithm)
        return refuse(Code::log_unavailable, fmt::format("{}: is not a jeton {} for {}; restore it from the backup",
                                                         file_of(algorithm).string(), kind.name, name_of(algorithm)));
      keys_.emplace(algorithm, std::move(*key));
    } else if (algorithm == Algorithm::rs256) {
      ordered_ = true;
      rs256_.order();
    } else {
      try {
        keys_.emplace(algorithm, *make(algorithm, [] { return true; }));
      } catch (const std::runtime_error& error) {
        return refuse(Code::log_unavailable, error.what());
      }
    }
  }
  return {};
}

void FederationKeys::take_in() {
  if (!ordered_) return;
  auto key = rs256_.take();
  if (!key) return;
  ordered_ = false;
  log_line(Level::info, "the federation key for RS256 is made", {{"kid", key->verifying_key().kid()}});
  keys_.emplace(Algorithm::rs256, std::move(*key));
}

const SigningKey* FederationKeys::ready(Algorithm algorithm) {
  take_in();
  const auto found = keys_.find(algorithm);
  return found == keys_.end() ? nullptr : &found->second;
}

Json FederationKeys::jwks() {
  take_in();
  Json keys = Json::array();
  for (const auto& [algorithm, key] : keys_) keys.push_back(key.verifying_key().jwk());
  return {{"keys", std::move(keys)}};
}

bool FederationKeys::memory_locked() const {
  return std::all_of(keys_.begin(), keys_.end(), [](const auto& one) { return one.second.memory_locked(); });
}

}  // namespace jeton
