// The token keys of each algorithm in use: made in memory, rotated hourly, gone with the process.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "identity/key_maker.hpp"
#include "jeton/clock.hpp"
#include "jeton/key.hpp"

namespace jeton {

/// Three keys at a time of each algorithm: `next` is published before it signs, `previous` verifies until the last
/// token it signed has expired. Nothing of it ever touches a disk. One thread, which never waits for a key.
class Keyring {
 public:
  static constexpr std::int64_t rotation_us = 3600 * us_per_s;
  /// A key signs only once it was shown for so long: twice the minute that a verifier may keep its copy.
  static constexpr std::int64_t shown_before_signing_us = 120 * us_per_s;

  /// Keys of EdDSA and ES256 are there at once; RS256 ones when `slow` has made them, and never without it.
  explicit Keyring(const Clock& clock, const std::set<Algorithm>& algorithms = {Algorithm::eddsa},
                   SlowKeys* slow = nullptr);

  /// From now on keys of these. Those of an algorithm that is no longer among them sign nothing more, and verify for
  /// another hour. Takes in what has been made since. Cheap when nothing changed.
  void follow(const std::set<Algorithm>& algorithms);
  /// Whether `current` may be asked: an algorithm in use that has a key by now.
  [[nodiscard]] bool is_ready(Algorithm algorithm) const;
  /// Throws where it is not ready.
  [[nodiscard]] const SigningKey& current(Algorithm algorithm = Algorithm::eddsa) const;
  /// The algorithms in use, ready or not.
  [[nodiscard]] std::set<Algorithm> algorithms() const;

  /// Of each algorithm next, current and, once there is one, previous.
  [[nodiscard]] const KeySet& key_set() const { return key_set_; }
  [[nodiscard]] Json jwks() const;
  /// Whether an hour has passed since the current keys began to sign.
  [[nodiscard]] bool rotation_due() const;
  /// When that will be, as the wall clock is set now. NumericDate.
  [[nodiscard]] std::int64_t rotates_at() const {
    return (clock_.wall_us() + since_boot_us_ + rotation_us - clock_.boot_us()) / us_per_s;
  }
  /// Of each algorithm whose next key is there and was shown long enough; the others keep theirs for another hour.
  void rotate();
  /// Whether everything that is kept of the keys lies in locked memory, but for `not_locked`.
  [[nodiscard]] bool memory_locked() const;
  /// What of the algorithms in use never does, a sentence each.
  [[nodiscard]] std::vector<std::string> not_locked() const;

 private:
  struct Ring {
    std::optional<SigningKey> next;
    std::optional<SigningKey> current;
    std::optional<VerifyingKey> previous;  ///< its private half is gone
    std::int64_t next_shown_boot_us = 0;
  };
  struct Retired {
    VerifyingKey key;
    std::int64_t until_boot_us;
  };
  [[nodiscard]] bool fill(Algorithm algorithm, Ring& ring);
  [[nodiscard]] std::optional<SigningKey> make(Algorithm algorithm);
  void retire(const Ring& ring);
  [[nodiscard]] bool forget_retired();
  void publish();

  const Clock& clock_;
  SlowKeys* slow_;
  int ordered_ = 0;  ///< of `slow_`, and not taken yet
  std::map<Algorithm, Ring> rings_;
  std::vector<Retired> retired_;
  KeySet key_set_;
  std::int64_t since_boot_us_;
};

}  // namespace jeton
