// The sockets a daemon made, gone with it whatever ends it but a kill, and nobody else's.
#pragma once

#include <cstdint>
#include <vector>

#include <sys/types.h>

#include "http/server.hpp"

namespace jeton {

/// A file and no other: an inode's number is used again once the file is gone, the moment it was made is not.
struct SocketInode {
  dev_t device;
  ino_t number;
  std::int64_t made_s, made_ns;
  bool operator==(const SocketInode&) const = default;
};

class SocketFiles {
 public:
  SocketFiles() = default;
  ~SocketFiles() { remove(); }
  SocketFiles(const SocketFiles&) = delete;
  SocketFiles& operator=(const SocketFiles&) = delete;

  /// Binds one more; the descriptor is the caller's.
  [[nodiscard]] Result<int> bind(const SocketFile& file);
  /// Unlinks what is still ours: a daemon that started meanwhile may have put its own in the place.
  void remove() noexcept;

 private:
  struct Made {
    std::filesystem::path path;
    SocketInode inode;
  };
  std::vector<Made> made_;
};

}  // namespace jeton
