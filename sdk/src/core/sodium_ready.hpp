// Has libsodium been initialised? Everything that needs its random source or its guarded pages asks here first.
#pragma once

#include <stdexcept>

#include <sodium.h>

namespace jeton {

/// Initialises libsodium once per process, whichever thread comes first. Throws where the system has no random source.
inline void ensure_sodium() {
  static const int outcome = sodium_init();
  if (outcome < 0) throw std::runtime_error("libsodium could not be initialised");
}

}  // namespace jeton
