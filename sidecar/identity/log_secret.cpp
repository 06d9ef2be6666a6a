// Two secrets in one key file, and what is derived from the second.
#include "identity/log_secret.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/core.h>

#include "identity/key_file.hpp"

namespace jeton {
namespace {

constexpr std::size_t seed_bytes = 32;
constexpr std::size_t secret_bytes = 32;
constexpr KeyFileKind kind{"jeton log key 1\n", "log key", "jeton-log-key", seed_bytes + secret_bytes,
                           seed_bytes + secret_bytes};

Secret copy_of(std::span<const unsigned char> bytes) {
  Secret secret(bytes.size());
  std::copy(bytes.begin(), bytes.end(), secret.writable().begin());
  secret.seal();
  return secret;
}

Secret both(const Secret& seed, const Secret& secret) {
  Secret all(seed_bytes + secret_bytes);
  const auto first = seed.expose_for_signing(), second = secret.expose_for_signing();
  std::copy(second.begin(), second.end(), std::copy(first.begin(), first.end(), all.writable().begin()));
  return all;
}

}  // namespace

LogSecret LogSecret::ephemeral() { return {Secret::random(seed_bytes), Secret::random(secret_bytes)}; }

bool LogSecret::is_credential() { return jeton::is_credential(kind); }

Result<LogSecret> LogSecret::load_or_create(const std::filesystem::path& state_file) {
  auto found = read_key_file(state_file, kind, KeyReader::daemon);
  if (!found) return refuse(found.error());
  if (*found) return of(**found);
  auto fresh = ephemeral();
  if (auto made = write_key_file(state_file, kind, both(fresh.seed_, fresh.secret_)); !made)
    return refuse(made.error());
  return fresh;
}

Result<LogSecret> LogSecret::load_to_disclose(const std::filesystem::path& state_file) {
  const auto found = read_key_file(state_file, kind, KeyReader::person);
  if (!found) return refuse(found.error());
  if (*found) return of(**found);
  return refuse(Code::log_unavailable, fmt::format("{}: {}", state_file.string(), std::strerror(ENOENT)));
}

LogSecret LogSecret::of(const Secret& all) {
  const auto bytes = all.expose_for_signing();
  return {copy_of(bytes.first(seed_bytes)), copy_of(bytes.subspan(seed_bytes))};
}

Sha256 LogSecret::key_of(const Txn& txn) const {
  std::string purpose = "jeton args 1\n";
  purpose.append(reinterpret_cast<const char*>(txn.bytes.data()), txn.bytes.size());
  auto key = hmac_sha256(secret_.expose_for_signing(), as_bytes(purpose));
  return key;
}

Secret LogSecret::args_key(const Txn& txn) const {
  auto key = key_of(txn);
  Secret disclosed(key.size());
  std::copy(key.begin(), key.end(), disclosed.writable().begin());
  wipe(key);
  return disclosed;
}

Sha256 LogSecret::args_mac(const Txn& txn, const ArgsDigest& digest) const {
  auto key = key_of(txn);
  const auto mac = hmac_sha256(key, digest.bytes);
  wipe(key);
  return mac;
}

Txn LogSecret::txn_of(std::string_view agent, std::string_view open_id) const {
  // A SPIFFE ID has no line feed, so agent and open_id cannot run into one another.
  const auto mac =
      hmac_sha256(secret_.expose_for_signing(), as_bytes(fmt::format("jeton txn 1\n{}\n{}", agent, open_id)));
  Txn txn;
  std::copy_n(mac.begin(), txn.bytes.size(), txn.bytes.begin());
  return txn;
}

}  // namespace jeton
