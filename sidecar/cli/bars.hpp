// Numbers as lengths and heights, in block elements or, where those cannot be shown, in ASCII.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace jeton::cli {

/// A bar of up to `cells` cells, as long to them as `value` is to `largest`; something where there is something.
[[nodiscard]] std::string bar(std::int64_t value, std::int64_t largest, int cells, bool blocks);

/// One character a value, as high as the value is to the largest of them; a blank for nothing.
[[nodiscard]] std::string sparkline(const std::vector<std::int64_t>& values, bool blocks);

/// Whether stdout shows block elements: a terminal, and a locale that says UTF-8.
[[nodiscard]] bool blocks_wanted();

}  // namespace jeton::cli
