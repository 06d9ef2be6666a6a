// A large file brought to the disk a little at a time, so that whoever syncs beside it waits for little.
#pragma once

#include <filesystem>

namespace jeton {

/// Writes what the file has in memory to the disk in small steps with pauses in between, and syncs it at the end. Takes
/// several times as long as a sync at once. Throws std::system_error when the disk fails.
void write_back_gently(const std::filesystem::path& file);

}  // namespace jeton
