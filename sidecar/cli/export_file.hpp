// The file an export goes to: begun, or continued where the last whole line ends.
#pragma once

#include <filesystem>

#include "readers/export.hpp"

namespace jeton::cli {

class ExportFile {
 public:
  /// Makes the file (0600) or opens the one that is there, which must be an export of this log in this format: its last
  /// whole line is held against the log, and what is behind that is cut off. bad_request when it is not.
  [[nodiscard]] static Result<ExportFile> open(const std::filesystem::path& file, const LogReader& log,
                                               ExportFormat format);
  ExportFile(ExportFile&& other) noexcept;
  ExportFile& operator=(ExportFile&&) = delete;
  ~ExportFile();

  /// Where to go on; nothing for a file without a line.
  [[nodiscard]] std::optional<std::uint64_t> next() const { return next_; }
  [[nodiscard]] bool empty() const { return empty_; }
  /// Writes all of it; log_unavailable when the disk does not take it.
  [[nodiscard]] Result<void> write(std::string_view text);
  /// Waits until everything is on the disk.
  [[nodiscard]] Result<void> sync();

 private:
  ExportFile(std::filesystem::path file, int fd) : file_(std::move(file)), fd_(fd) {}
  [[nodiscard]] Result<void> go_on(const LogReader& log, ExportFormat format);
  [[nodiscard]] tl::unexpected<Error> not_ours(const char* why) const;

  std::filesystem::path file_;
  int fd_;
  std::optional<std::uint64_t> next_;
  bool empty_ = true;
};

}  // namespace jeton::cli
