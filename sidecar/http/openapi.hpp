// The description of every path, as people and programs read it: docs/openapi.json, compiled in.
#pragma once

#include <string_view>

namespace jeton {

/// OpenAPI 3.1, the file byte for byte. There is no other copy of it.
[[nodiscard]] std::string_view openapi_document();

}  // namespace jeton
