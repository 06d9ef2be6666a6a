// Whose file is this, and is it still the one that was opened?
#pragma once

#include <filesystem>

#include <sys/types.h>

#include "jeton/error.hpp"

namespace jeton {

/// Which file stands at a path.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  bool operator==(const FileIdentity&) const = default;
};

/// The identity of a file that only this account can write or replace; made, empty and 0600, when it is missing.
/// Opens nothing that exists: closing a descriptor of a file takes away the locks SQLite holds on it in this process.
[[nodiscard]] Result<FileIdentity> own_replay_file(const std::filesystem::path& file);

/// What stands at the path now; all zero when there is nothing.
[[nodiscard]] FileIdentity identity_of(const std::filesystem::path& file);

}  // namespace jeton
