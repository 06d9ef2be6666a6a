// The token keys: made in memory, rotated hourly, gone with the process.
#pragma once

#include <cstdint>
#include <optional>

#include "jeton/clock.hpp"
#include "jeton/key.hpp"

namespace jeton {

/// Three keys at a time: `next` is published before it signs, `previous` verifies until the last token it signed has
/// expired. Nothing of it ever touches a disk. One thread.
class Keyring {
 public:
  static constexpr std::int64_t rotation_us = 3600 * us_per_s;

  explicit Keyring(const Clock& clock);

  [[nodiscard]] const SigningKey& current() const { return current_; }
  /// next, current and, once there is one, previous.
  [[nodiscard]] const KeySet& key_set() const { return key_set_; }
  [[nodiscard]] Json jwks() const;
  /// Whether an hour has passed since the current key began to sign.
  [[nodiscard]] bool rotation_due() const;
  /// When that will be, as the wall clock is set now. NumericDate.
  [[nodiscard]] std::int64_t rotates_at() const {
    return (clock_.wall_us() + since_boot_us_ + rotation_us - clock_.boot_us()) / us_per_s;
  }
  void rotate();
  [[nodiscard]] bool memory_locked() const;

 private:
  void publish();

  const Clock& clock_;
  SigningKey next_;
  SigningKey current_;
  std::optional<SigningKey> previous_;
  KeySet key_set_;
  std::int64_t since_boot_us_;
};

}  // namespace jeton
