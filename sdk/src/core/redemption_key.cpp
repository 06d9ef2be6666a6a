// Keeping a redemption id without keeping it.
#include "jeton/redemption_key.hpp"

#include <algorithm>

#include "jeton/hash.hpp"

namespace jeton {

RedemptionKey redemption_key(std::string_view redemption_id) {
  const auto hash = sha256(redemption_id);
  RedemptionKey key;
  std::copy_n(hash.begin(), key.bytes.size(), key.bytes.begin());
  return key;
}

}  // namespace jeton
