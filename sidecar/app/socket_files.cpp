// A socket file is ours as long as its inode is.
#include "app/socket_files.hpp"

#include <optional>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

namespace jeton {
namespace {

std::optional<SocketInode> inode_of(const std::filesystem::path& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return std::nullopt;
  return SocketInode{info.st_dev, info.st_ino, info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
}

}  // namespace

Result<int> SocketFiles::bind(const SocketFile& file) {
  auto listening = bind_unix_socket(file);
  if (!listening) return listening;
  if (const auto inode = inode_of(file.path)) made_.push_back({file.path, *inode});
  return listening;
}

void SocketFiles::remove() noexcept {
  for (const auto& [path, inode] : std::exchange(made_, {}))
    if (inode_of(path) == inode) ::unlink(path.c_str());
}

}  // namespace jeton
