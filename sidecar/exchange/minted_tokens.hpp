// What this process minted and may still be redeemed: jti → digest of the token and its deadline on the boot clock.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <unordered_map>

#include "jeton/hash.hpp"
#include "jeton/id.hpp"

namespace jeton {

/// Memory of live tokens. It lets the issuer recognise its own token without a signature check, and judge time by a
/// clock that cannot be set. A token of one of our keys that is not in here has expired. One thread.
class MintedTokens {
 public:
  /// Who burned it: the account and its redemption id. The server is the token's own.
  struct Burn {
    RedemptionKey key;
    std::int64_t uid = -1;
    bool operator==(const Burn&) const = default;
  };
  struct Entry {
    Sha256 sha256;
    std::int64_t deadline_boot_us;
    std::optional<Burn> burned = std::nullopt;
  };

  void remember(const Jti& jti, const Entry& entry);
  [[nodiscard]] const Entry* find(const Jti& jti) const;
  /// Notes that it was burned, durably: a log that says otherwise later is not the one it was burned in.
  void note_burned(const Jti& jti, const Burn& burn);
  /// Forgets what can no longer be redeemed.
  void forget_expired(std::int64_t now_boot_us);
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  /// A jti is 128 random bits of our own making: its first eight bytes are a hash already.
  struct Hash {
    std::size_t operator()(const Jti& jti) const {
      std::size_t first = 0;
      std::memcpy(&first, jti.bytes.data(), sizeof first);
      return first;
    }
  };
  std::unordered_map<Jti, Entry, Hash> entries_;
};

}  // namespace jeton
