// A map a client, of half hashes, emptied of what has expired only when there is no more room or nothing else to do.
#include "identity/used_assertions.hpp"

#include <algorithm>
#include <limits>

namespace jeton {
namespace {

std::array<unsigned char, 16> half_hash(std::string_view jti) {
  const auto whole = sha256(jti);
  std::array<unsigned char, 16> half{};
  std::copy_n(whole.begin(), half.size(), half.begin());
  return half;
}

}  // namespace

Result<void> UsedAssertions::spend(const std::string& client, std::string_view jti, std::int64_t forgettable_from,
                                   std::int64_t now_s) {
  auto& used = clients_[client];
  if (forgettable_from <= used.forgotten_until)
    return refuse(Code::bad_token, "the clock was set back, and whether this assertion was used is forgotten");
  if (used.until.size() >= of_one_client_max && used.earliest <= now_s) forget(used, now_s);
  const auto key = half_hash(jti);
  if (used.until.contains(key)) return refuse(Code::bad_token, "this assertion was used before; make a new one");
  if (used.until.size() >= of_one_client_max)
    return refuse(Code::rate_limited, "this client has too many assertions that still live; make them shorter");
  used.earliest = used.until.empty() ? forgettable_from : std::min(used.earliest, forgettable_from);
  used.until.emplace(key, forgettable_from);
  return {};
}

void UsedAssertions::forget(Used& used, std::int64_t now_s) {
  std::erase_if(used.until, [&](const auto& entry) {
    if (entry.second > now_s) return false;
    used.forgotten_until = std::max(used.forgotten_until, entry.second);
    return true;
  });
  used.earliest = std::numeric_limits<std::int64_t>::max();
  for (const auto& [key, until] : used.until) used.earliest = std::min(used.earliest, until);
}

}  // namespace jeton
