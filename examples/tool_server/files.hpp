// Files below one directory, and nothing else: the kernel resolves every path beneath it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "tool_server/toolbox.hpp"
#include "unique_fd.hpp"

namespace example {

inline constexpr std::size_t file_bytes_max = 256 * 1024;
inline constexpr std::size_t listed_entries_max = 1000;

/// A directory held open. Paths are resolved by openat2 with RESOLVE_BENEATH: "..", absolute paths and symbolic links
/// that lead out are refused by the kernel in the same step that opens the file, so there is no moment to race.
class FileRoot {
 public:
  [[nodiscard]] static tl::expected<FileRoot, std::string> open(const std::filesystem::path& directory);

  /// A regular file of UTF-8 text: {path, max_bytes?}.
  [[nodiscard]] ToolOutput read_file(const Json& arguments) const;
  /// Names, directories with a slash: {path}.
  [[nodiscard]] ToolOutput list_directory(const Json& arguments) const;

 private:
  explicit FileRoot(UniqueFd root) : root_(std::move(root)) {}
  [[nodiscard]] tl::expected<UniqueFd, std::string> open_beneath(const std::string& path, int flags) const;
  UniqueFd root_;
};

/// Adds read_file and list_directory.
void add_file_tools(Toolbox& toolbox, std::shared_ptr<const FileRoot> root);

}  // namespace example
