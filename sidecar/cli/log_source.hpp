// Where the commands about the log find it: the state directory, the key, the reader.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "cli/commands.hpp"
#include "jeton/note.hpp"
#include "store/store.hpp"

namespace jeton::cli {

[[nodiscard]] std::filesystem::path state_of(const Common& common);

/// bad_request where the file cannot be read.
[[nodiscard]] Result<std::string> text_of_file(const std::filesystem::path& file);

/// The key the reader gave, as text or @FILE, else the one that lies beside the log.
[[nodiscard]] Result<NoteKey> key_of(const Common& common, const std::optional<std::string>& given);

[[nodiscard]] Result<std::unique_ptr<LogReader>> open_log(const Common& common);

/// Reading a long log takes seconds, and none of them from those who mint: the processor's and the disk's idle time is
/// enough. A kernel that has neither goes on as before.
void step_back();

}  // namespace jeton::cli
