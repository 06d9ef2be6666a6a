// Saying that a test could not run here, so that a green run does not hide it.
#pragma once

#include <string>

#include "support/catch.hpp"

namespace jeton::outside {

/// For `return skipped("only root can mount");`
inline void skipped(const std::string& why) { WARN("skipped: " << why); }

}  // namespace jeton::outside
