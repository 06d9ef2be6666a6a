// Deleting sealed arguments: the events and the tree over them stay as they are.
#pragma once

#include <cstdint>
#include <filesystem>

#include "jeton/error.hpp"
#include "jeton/id.hpp"

namespace jeton {

/// Deletes what is kept beside the events of one call, beside a daemon that may be running; how many there were. The
/// deletion is on the disk when this returns; the bytes are overwritten in the file, and in the write-ahead log when
/// that begins anew. wrong_role for anybody but root and the file's owner; log_unavailable.
[[nodiscard]] Result<std::uint64_t> delete_sealed(const std::filesystem::path& file, const Txn& txn);
/// The same for all that was sealed before a time.
[[nodiscard]] Result<std::uint64_t> delete_sealed_before(const std::filesystem::path& file, std::int64_t time_us);

}  // namespace jeton
