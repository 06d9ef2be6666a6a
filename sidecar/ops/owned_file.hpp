// A file that gives rights: read only where nobody but root and one account could have written it.
#pragma once

#include <filesystem>
#include <string>

#include <sys/types.h>

#include "jeton/error.hpp"

namespace jeton {

/// All of a regular file of root or `owner` that its group and others cannot write, at most 1 MiB. bad_request
/// otherwise: "FILE: what is wrong; what to type". The file is judged and read through one descriptor.
[[nodiscard]] Result<std::string> read_owned_file(const std::filesystem::path& file, uid_t owner);

}  // namespace jeton
