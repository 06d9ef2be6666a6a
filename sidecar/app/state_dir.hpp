// The state directory: private to the daemon's account, and one daemon's at a time.
#pragma once

#include <filesystem>

#include "jeton/error.hpp"

namespace jeton {

/// Holds STATE/lock for as long as it lives. Move-only.
class StateDir {
 public:
  /// Refuses with bad_request a directory that is missing (unless `create`), is another account's or that others may
  /// write to, and one that another jetond holds, naming that one.
  [[nodiscard]] static Result<StateDir> lock(const std::filesystem::path& path, bool create);
  ~StateDir();
  StateDir(StateDir&& other) noexcept;
  StateDir& operator=(StateDir&&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// Bytes an unprivileged writer may still use on this file system; -1 when it cannot be told.
  [[nodiscard]] std::int64_t free_bytes() const;

 private:
  StateDir(std::filesystem::path path, int lock_fd) : path_(std::move(path)), lock_fd_(lock_fd) {}
  std::filesystem::path path_;
  int lock_fd_;
};

}  // namespace jeton
