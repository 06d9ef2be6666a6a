// The log's own key file: the seed that signs checkpoints, and the secret that hides digests and names calls.
#pragma once

#include <filesystem>
#include <string_view>

#include "jeton/error.hpp"
#include "jeton/id.hpp"
#include "jeton/key.hpp"
#include "jeton/secret.hpp"
#include "jeton/tool_call.hpp"

namespace jeton {

/// STATE/log.key: persistent, 0600, one per state directory. The log holds no digest of arguments in the clear, because
/// few arguments are hard to guess; it holds a MAC under a key of that one call, which can be disclosed alone.
class LogSecret {
 public:
  /// Reads the file, or makes it (written whole and synced before it gets its name). Refuses one that others may read,
  /// that is not the daemon's own, or that is not of our form, with log_unavailable.
  [[nodiscard]] static Result<LogSecret> load_or_create(const std::filesystem::path& file);
  /// The same for whoever discloses one call's key: makes nothing, and root may read the daemon's.
  [[nodiscard]] static Result<LogSecret> load_to_disclose(const std::filesystem::path& file);
  /// Whether systemd hands the key over, unsealed for this service alone (systemd-creds, LoadCredentialEncrypted=):
  /// then load_or_create reads that one, and no file of STATE.
  [[nodiscard]] static bool is_credential();
  /// For tests and for ledgers in memory.
  [[nodiscard]] static LogSecret ephemeral();

  /// HMAC-SHA-256 of the digest under this call's key.
  [[nodiscard]] Sha256 args_mac(const Txn& txn, const ArgsDigest& digest) const;
  /// This call's key, for disclosure: with it the mac of this call can be checked, and of no other.
  [[nodiscard]] Secret args_key(const Txn& txn) const;
  /// The txn of the call an agent opens under this open_id: the same for the same, unpredictable without the secret. So
  /// a repeated open finds its call again, across restarts, with no index to keep.
  [[nodiscard]] Txn txn_of(std::string_view agent, std::string_view open_id) const;

  /// The key that signs this log's checkpoints.
  [[nodiscard]] SigningKey checkpoint_key() const { return SigningKey::from_seed(seed_); }

  [[nodiscard]] bool memory_locked() const { return seed_.locked() && secret_.locked(); }

 private:
  [[nodiscard]] static LogSecret of(const Secret& all);
  [[nodiscard]] Sha256 key_of(const Txn& txn) const;
  LogSecret(Secret seed, Secret secret) : seed_(std::move(seed)), secret_(std::move(secret)) {}

  Secret seed_;
  Secret secret_;
};

}  // namespace jeton
