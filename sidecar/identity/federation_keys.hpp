// The keys that sign federation tokens: one of each algorithm, kept in a file, because others pin them.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "identity/key_maker.hpp"
#include "jeton/error.hpp"
#include "jeton/json.hpp"
#include "jeton/key.hpp"

namespace jeton {

/// STATE/federation-<alg>.key, or what systemd hands over in its place: persistent, 0600, made where there is none.
/// They sign nothing else, and no call token is signed by one of them. One thread, which never waits for an RSA key.
class FederationKeys {
 public:
  /// Reads and makes nothing yet.
  explicit FederationKeys(std::filesystem::path state);
  /// For tests: keys that are in no file.
  [[nodiscard]] static FederationKeys ephemeral() { return FederationKeys({}); }

  /// From now on there are keys of these as well: ES256 at once, RS256, where no file has it, when it is made.
  /// log_unavailable for a file that others may read, that is not the daemon's own or that is no such key.
  [[nodiscard]] Result<void> want(const std::set<Algorithm>& algorithms);

  /// Null while it is being made, and for an algorithm that nobody wanted.
  [[nodiscard]] const SigningKey* ready(Algorithm algorithm);
  /// The public halves of those that are ready, and of no call token's key.
  [[nodiscard]] Json jwks();

  /// Whether systemd hands over the key of this algorithm.
  [[nodiscard]] static bool is_credential(Algorithm algorithm);
  [[nodiscard]] bool memory_locked() const;
  [[nodiscard]] bool empty() const { return keys_.empty(); }

 private:
  [[nodiscard]] std::filesystem::path file_of(Algorithm algorithm) const;
  [[nodiscard]] std::optional<SigningKey> make(Algorithm algorithm, const std::function<bool()>& go_on) const;
  void take_in();

  const std::filesystem::path state_;  ///< empty: in no file
  std::map<Algorithm, SigningKey> keys_;
  bool ordered_ = false;  ///< the RS256 key, and not taken in yet
  KeyMaker rs256_;
};

}  // namespace jeton
