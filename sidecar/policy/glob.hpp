// Patterns with * and ?, as grants and questions write them.
#pragma once

#include <string_view>

namespace jeton {

/// * is any run of characters, ? one character of UTF-8, all else itself. At most pattern × text steps, no recursion.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view text);

}  // namespace jeton
