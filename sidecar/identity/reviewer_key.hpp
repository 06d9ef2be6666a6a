// The reviewer's secret key in its file: made once, kept where the reviewer reads, and never on the daemon's side.
#pragma once

#include <filesystem>

#include "jeton/sealed_box.hpp"

namespace jeton {

/// Makes a key and writes its secret half into a new file, mode 0600, synced. bad_request when something of that name
/// is there, or it cannot be written.
[[nodiscard]] Result<OpeningKey> make_reviewer_key(const std::filesystem::path& file);

/// bad_request for a file that cannot be read or is of another form, and for one that others may read.
[[nodiscard]] Result<OpeningKey> read_reviewer_key(const std::filesystem::path& file);

}  // namespace jeton
