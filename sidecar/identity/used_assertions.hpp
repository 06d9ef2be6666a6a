// Which assertions were used: each is good once, for as long as it lives.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "jeton/error.hpp"
#include "jeton/hash.hpp"

namespace jeton {

/// In memory, so a restart forgets it: who asks must refuse what was made before. A living one is never forgotten to
/// make room. Times are NumericDate. One thread.
class UsedAssertions {
 public:
  /// Of one client, so that none takes the room of another.
  static constexpr std::size_t of_one_client_max = 8192;

  /// `forgettable_from` is when the clock alone says that it has expired. bad_token: it was used, or is no younger than
  /// one that was forgotten already, so the clock was set back; rate_limited: no room until others expire.
  [[nodiscard]] Result<void> spend(const std::string& client, std::string_view jti, std::int64_t forgettable_from,
                                   std::int64_t now_s);

 private:
  struct Used {
    std::map<std::array<unsigned char, 16>, std::int64_t> until;
    std::int64_t earliest = 0;         ///< nothing in the map can be forgotten before
    std::int64_t forgotten_until = 0;  ///< the latest `forgettable_from` of what is no longer in the map
  };
  static void forget(Used& used, std::int64_t now_s);
  std::map<std::string, Used> clients_;
};

}  // namespace jeton
