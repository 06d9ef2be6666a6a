// Preloaded into a jetond: what it does to files below $JETON_BAD_DISK_DIR goes as the control file says.
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

namespace {

enum class Mode { good, enospc, eio, fsync_eio, erofs, hang, slow };

std::array<std::atomic<bool>, 65536> on_the_disk;

bool ours(int fd) {
  return fd >= 0 && static_cast<std::size_t>(fd) < on_the_disk.size() && on_the_disk[static_cast<std::size_t>(fd)];
}

/// Read at every call, past everything that is wrapped.
Mode mode() {
  const char* control = std::getenv("JETON_BAD_DISK_CONTROL");
  std::array<char, 16> text{};
  const auto fd = control == nullptr ? -1 : ::syscall(SYS_openat, AT_FDCWD, control, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Mode::good;
  if (::syscall(SYS_read, fd, text.data(), text.size() - 1) < 0) text[0] = '\0';
  ::syscall(SYS_close, fd);
  constexpr std::array names{"good", "enospc", "eio", "fsync-eio", "erofs", "hang", "slow"};
  for (std::size_t i = 0; i < names.size(); ++i)
    if (std::strcmp(text.data(), names[i]) == 0) return static_cast<Mode>(i);
  return Mode::good;
}

/// Whether this write is to fail, with errno set.
bool write_fails(int fd) {
  if (!ours(fd)) return false;
  switch (mode()) {
    case Mode::enospc: errno = ENOSPC; return true;
    case Mode::eio: errno = EIO; return true;
    case Mode::erofs: errno = EROFS; return true;
    default: return false;
  }
}

bool sync_fails(int fd) {
  if (!ours(fd)) return false;
  auto now = mode();
  if (now == Mode::slow) ::poll(nullptr, 0, 50);
  for (; now == Mode::hang; now = mode()) ::poll(nullptr, 0, 2);
  if (now != Mode::fsync_eio && now != Mode::eio) return false;
  errno = EIO;
  return true;
}

bool below_the_disk(const char* path) {
  const char* disk = std::getenv("JETON_BAD_DISK_DIR");
  return disk != nullptr && path != nullptr && std::strncmp(path, disk, std::strlen(disk)) == 0;
}

int open_file(const char* path, int flags, mode_t permissions) {
  const bool watched = below_the_disk(path);
  if (watched && (flags & (O_CREAT | O_ACCMODE)) != 0 && mode() == Mode::erofs) {
    errno = EROFS;
    return -1;
  }
  const auto fd = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, permissions));
  if (fd >= 0 && static_cast<std::size_t>(fd) < on_the_disk.size()) on_the_disk[static_cast<std::size_t>(fd)] = watched;
  return fd;
}

mode_t permissions_of(int flags, va_list& rest) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
}

}  // namespace

// The names are the C library's.
extern "C" {

int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const auto permissions = permissions_of(flags, rest);
  va_end(rest);
  return open_file(path, flags, permissions);
}
int open64(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const auto permissions = permissions_of(flags, rest);
  va_end(rest);
  return open_file(path, flags, permissions);
}
int close(int fd) {
  if (ours(fd)) on_the_disk[static_cast<std::size_t>(fd)] = false;
  return static_cast<int>(::syscall(SYS_close, fd));
}
ssize_t write(int fd, const void* from, size_t count) {
  return write_fails(fd) ? -1 : ::syscall(SYS_write, fd, from, count);
}
ssize_t pwrite(int fd, const void* from, size_t count, off_t at) {
  return write_fails(fd) ? -1 : ::syscall(SYS_pwrite64, fd, from, count, at);
}
ssize_t pwrite64(int fd, const void* from, size_t count, off64_t at) {
  return write_fails(fd) ? -1 : ::syscall(SYS_pwrite64, fd, from, count, at);
}
int fsync(int fd) { return sync_fails(fd) ? -1 : static_cast<int>(::syscall(SYS_fsync, fd)); }
int fdatasync(int fd) { return sync_fails(fd) ? -1 : static_cast<int>(::syscall(SYS_fdatasync, fd)); }
int ftruncate(int fd, off_t size) noexcept {
  return write_fails(fd) ? -1 : static_cast<int>(::syscall(SYS_ftruncate, fd, size));
}
int ftruncate64(int fd, off64_t size) noexcept {
  return write_fails(fd) ? -1 : static_cast<int>(::syscall(SYS_ftruncate, fd, size));
}
}
