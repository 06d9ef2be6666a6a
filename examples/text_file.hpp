// A whole file as text.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace example {

/// Nothing when it cannot be opened or read to its end.
[[nodiscard]] std::optional<std::string> read_text_file(const std::filesystem::path& file);

}  // namespace example
