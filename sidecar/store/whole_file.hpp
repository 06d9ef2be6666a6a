// A file that is never seen half written.
#pragma once

#include <filesystem>
#include <span>
#include <string_view>

#include "jeton/error.hpp"

namespace jeton {

/// Replaces the file whole: written beside it as FILE.new, synced, renamed. Mode 0644. log_unavailable with the
/// system's reason; then the file is what it was, and FILE.new is not there. One writer a file.
[[nodiscard]] Result<void> replace_file(const std::filesystem::path& file, std::string_view bytes);

/// Whether replacing `file` harms nobody: nothing is there, or a regular file of this account, and not through a link.
/// The same of FILE.new; and whether its directory takes a file. bad_request with what is in the way otherwise.
[[nodiscard]] Result<void> check_own_place(const std::filesystem::path& file);

/// Writes all of it, or says with false and errno why not.
[[nodiscard]] bool write_whole(int fd, std::span<const unsigned char> bytes);

/// Makes what was renamed into a directory, or made in it, survive a crash of the machine.
[[nodiscard]] Result<void> sync_directory(const std::filesystem::path& directory);

}  // namespace jeton
