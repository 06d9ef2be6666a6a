// What every command that reads the log does first: finds it, opens it, and steps back for those who mint.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>

#include <fmt/core.h>

#include "cli/commands.hpp"
#include "jeton/note.hpp"
#include "store/call_index.hpp"
#include "store/store.hpp"

namespace jeton::cli {

/// --state, else the first of the user's and the service's that holds a log.
[[nodiscard]] std::filesystem::path state_of(const Common& common);
[[nodiscard]] Result<std::unique_ptr<LogReader>> open_log(const Common& common);
/// The key the reader gave, as text or @FILE, else the one that lies beside the log.
[[nodiscard]] Result<NoteKey> key_of(const Common& common, const std::optional<std::string>& given);

/// bad_request where the file cannot be read.
[[nodiscard]] Result<std::string> text_of_file(const std::filesystem::path& file);

/// Reading a long log takes seconds, and none of them from those who mint: the processor's and the disk's idle time is
/// enough. Nice 19 is not: beside two readers the slowest mints took nine times as long. So on a machine that is busy
/// for good a reader waits. A kernel that has neither goes on as before.
void step_back();

/// A line on stderr that overwrites itself, for whoever watches long work: "indexed 400 of 900 events (44 %)".
class ProgressLine {
 public:
  explicit ProgressLine(const char* verb);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  void show(std::uint64_t done, std::uint64_t events);

 private:
  const char* verb_;
  bool wanted_, shown_ = false;
  std::uint64_t percent_ = 0;
};

/// The index for questions about this log: in `cache` where one is named, else in the user's cache, else in memory. An
/// error only for a cache that was named.
[[nodiscard]] Result<CallIndex> open_index(const Common& common, const LogReader& log,
                                           const std::optional<std::string>& cache);

/// Reading throws for a log somebody damaged; that is told like every other refusal.
template <class Work>
int with_log(const Common& common, Work&& work) {
  auto log = open_log(common);
  if (!log) return tell(common, log.error());
  try {
    return work(**log);
  } catch (const std::runtime_error& error) {
    return tell(common, {Code::log_unavailable, fmt::format("the log cannot be read: {}", error.what())});
  }
}

}  // namespace jeton::cli
