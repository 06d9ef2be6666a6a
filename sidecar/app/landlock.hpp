// Which files the daemon can still reach once it has its configuration: Landlock, asked for by hand since no library
// is.
#pragma once

#include <filesystem>
#include <vector>

#include "jeton/error.hpp"

namespace jeton {

/// A directory with all below it, or one file, and what stays possible there.
struct Reach {
  enum class Use {
    read,     ///< files and names
    keep,     ///< read, write, make, remove, move: STATE
    replace,  ///< one file written beside itself and renamed: a place for checkpoints
    listen    ///< sockets made and removed
  };
  std::filesystem::path path;
  Use use;
};

/// The Landlock ABI of this kernel, as far as this program knows it; 0 where there is none or it was not switched on.
[[nodiscard]] int landlock_abi();

/// From here on this thread and every one it starts open nothing but what is in `reaches`, see neither executable
/// nor memory of another process, connect to no TCP port (ABI 4), signal nobody and reach no abstract socket of
/// others (ABI 6). What is open stays open. For good. What is not there stays out of reach, also when it is made later
/// under another mount. `internal` when the kernel says no; with ABI 1 nothing is moved between directories.
[[nodiscard]] Result<void> give_up_files(const std::vector<Reach>& reaches, int abi);

}  // namespace jeton
