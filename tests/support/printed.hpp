// What code prints on a stream of this process, and whether a terminal could show it unharmed.
#pragma once

#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>

#include <unistd.h>

#include "support/temp_dir.hpp"

namespace jeton::testing {

/// What `work` prints on one of the standard streams.
inline std::string printed_on(FILE* stream, const std::function<void()>& work) {
  const TempDir dir;
  const auto file = dir / "printed";
  std::fflush(stream);
  const int kept = ::dup(::fileno(stream));
  FILE* out = std::fopen(file.c_str(), "w");
  ::dup2(::fileno(out), ::fileno(stream));
  work();
  std::fflush(stream);
  ::dup2(kept, ::fileno(stream));
  ::close(kept);
  std::fclose(out);
  return bytes_of(file);
}

/// Printable ASCII and line feeds: no control byte, and with no byte above 0x7E no bidi mark either.
inline bool is_harmless(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); });
}

}  // namespace jeton::testing
