// A disk in memory under SQLite: it fails where it is told to, and a crash takes what was not synced.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <sqlite3.h>

namespace jeton::testing {

/// While one lives it is SQLite's default VFS, so every database opened in this process lies on it. One connection at a
/// time; one thread.
class BadVfs {
 public:
  /// What happens at a write, a truncation or a sync.
  enum class Fault {
    crash,     ///< it and all that follow fail, until `reboot`
    error,     ///< it fails, once; a sync that failed can be asked for again
    full,      ///< it fails for want of room, once
    forgetful  ///< it fails, once; a sync takes its pages for written from then on, as Linux does: only writing them
               ///< again brings them to the disk
  };

  BadVfs();
  ~BadVfs();
  BadVfs(const BadVfs&) = delete;
  BadVfs& operator=(const BadVfs&) = delete;

  /// Counts from 1, since the beginning.
  void fail_at(std::uint64_t operation, Fault fault);
  [[nodiscard]] std::uint64_t operations() const { return operations_; }
  /// How long a file is; 0 where there is none.
  [[nodiscard]] std::size_t bytes_of(const std::string& name) const;
  [[nodiscard]] bool is_down() const { return down_; }
  [[nodiscard]] bool struck() const { return struck_; }
  /// Whether the operation that failed was a sync.
  [[nodiscard]] bool struck_sync() const { return struck_sync_; }

  /// From now on everything fails. What is open can be closed, and that changes nothing any more.
  void power_off() { down_ = true; }
  /// The machine starts again; nothing may be open. Every file is as it was synced last; with `seed` a part of
  /// the sectors that were not synced got there as well, and no two seeds choose alike.
  void reboot(std::optional<unsigned> seed = std::nullopt);

 private:
  struct File;
  struct Handle;
  friend struct BadVfsCalls;

  [[nodiscard]] std::optional<Fault> next_fault(bool sync);

  sqlite3_vfs* below_;
  sqlite3_vfs vfs_;
  std::map<std::string, std::shared_ptr<File>> files_;
  std::uint64_t operations_ = 0;
  std::uint64_t fail_at_ = 0;
  Fault fault_ = Fault::crash;
  bool struck_ = false, struck_sync_ = false, down_ = false;
  unsigned boots_ = 0;
};

}  // namespace jeton::testing
