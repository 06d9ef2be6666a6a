// What a fuzz target is: a function over bytes that throws when a property does not hold, and inputs to start from.
#pragma once

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace jeton::fuzz {

using Bytes = std::span<const unsigned char>;

/// A property that an input broke. libFuzzer takes any exception for a crash, a test for a failure.
struct Broken : std::logic_error {
  using std::logic_error::logic_error;
};
inline void hold(bool holds, const std::string& property) {
  if (!holds) throw Broken(property);
}

[[nodiscard]] inline std::string_view text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

struct Target {
  std::string_view name;
  void (*run)(Bytes input);
  std::vector<std::string> (*seeds)();
  int mutations;  ///< how many a plain test tries; a slow target gets fewer
};

/// All of them; `./dev fuzz` builds a program for each name.
[[nodiscard]] std::span<const Target> targets();

/// The strings called `member` of every vector in tests/vectors/`file`.
[[nodiscard]] std::vector<std::string> vector_texts(const std::string& file, const std::string& member);

}  // namespace jeton::fuzz
