// Where identifiers get their randomness from.
#include "jeton/id.hpp"

#include "core/sodium_ready.hpp"

namespace jeton {

void fill_random(std::span<unsigned char> out) {
  ensure_sodium();
  randombytes_buf(out.data(), out.size());
}

}  // namespace jeton
