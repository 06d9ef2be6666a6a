// Sockets and processes as this machine's kernel shows them.
#include "attest/process_view.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <string_view>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attest/cgroup.hpp"
#include "attest/executable_hash.hpp"

namespace jeton {
namespace {

// From Linux 6.5 on; the headers of Debian 12 are older. The number is the same wherever asm-generic is used.
constexpr int so_peerpidfd = 77;
constexpr std::size_t max_proc_text = 64 * 1024;
constexpr std::size_t max_link = 4096;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

std::optional<std::string> read_text(int proc, const char* name) {
  const Descriptor file(::openat(proc, name, O_RDONLY | O_CLOEXEC));
  if (file.fd() < 0) return std::nullopt;
  std::string text;
  std::array<char, 4096> chunk;
  while (text.size() < max_proc_text) {
    const auto count = ::read(file.fd(), chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::nullopt;
    text.append(chunk.data(), static_cast<std::size_t>(count));
    // These files are made whole by the first read: a short one was the last, and asking again costs a system call.
    if (static_cast<std::size_t>(count) < chunk.size()) return text;
  }
  return std::nullopt;
}

template <class Number>
std::optional<Number> leading_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end != text.data() ? std::optional(number) : std::nullopt;
}

/// The text after `count` separators; empty when there are fewer.
std::string_view after_separators(std::string_view text, char separator, int count) {
  for (; count > 0; --count) {
    const auto at = text.find(separator);
    if (at == std::string_view::npos) return {};
    text.remove_prefix(at + 1);
  }
  return text;
}

std::optional<FileId> file_at(int directory, const char* name) {
  struct stat file {};
  if (::fstatat(directory, name, &file, 0) != 0) return std::nullopt;
  return FileId{file.st_dev, file.st_ino};
}

/// A path of another mount namespace may name any other file in ours.
bool sees_our_mounts(int proc) {
  const auto theirs = file_at(proc, "ns/mnt");
  return theirs && theirs == file_at(AT_FDCWD, "/proc/self/ns/mnt");
}

/// None unless the path leads to `file` here and now: deleted, replaced and covered executables have none.
std::optional<std::string> exe_path(int proc, const FileId& file) {
  if (!sees_our_mounts(proc)) return std::nullopt;
  std::string path(max_link, '\0');
  const auto length = ::readlinkat(proc, "exe", path.data(), path.size());
  if (length <= 0 || static_cast<std::size_t>(length) >= path.size() || path.front() != '/') return std::nullopt;
  path.resize(static_cast<std::size_t>(length));
  if (path.ends_with(" (deleted)") || file_at(AT_FDCWD, path.c_str()) != file) return std::nullopt;
  return path;
}

class KernelView final : public ProcessView {
 public:
  std::optional<Credentials> credentials(int socket) const override {
    struct ucred peer {};
    socklen_t size = sizeof peer;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
    // What the kernel says of a socket that has no peer, or is not of the Unix family.
    if (peer.uid == static_cast<uid_t>(-1) || peer.gid == static_cast<gid_t>(-1)) return std::nullopt;
    return Credentials{peer.uid, peer.gid, peer.pid};
  }

  tl::expected<int, NoPidfd> peer_pidfd(int socket) const override {
    int pidfd = -1;
    socklen_t size = sizeof pidfd;
    if (::getsockopt(socket, SOL_SOCKET, so_peerpidfd, &pidfd, &size) == 0) return pidfd;
    return tl::unexpected(errno == ENOPROTOOPT ? NoPidfd::unsupported : NoPidfd::failed);
  }

  tl::expected<int, NoPidfd> pidfd_open(pid_t pid) const override {
    const auto pidfd = ::syscall(SYS_pidfd_open, pid, 0);
    if (pidfd >= 0) return static_cast<int>(pidfd);
    // EPERM is how older seccomp filters of containers answer a system call they have not heard of.
    return tl::unexpected(errno == ENOSYS || errno == EPERM ? NoPidfd::unsupported : NoPidfd::failed);
  }

  bool alive(int pidfd) const override {
    pollfd exited{pidfd, POLLIN, 0};
    int ready = -1;
    do {
      ready = ::poll(&exited, 1, 0);
    } while (ready < 0 && errno == EINTR);
    return ready == 0;
  }

  int open_proc(pid_t pid) const override {
    return ::open(("/proc/" + std::to_string(pid)).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  }

  std::optional<std::uint64_t> start_time(int proc) const override {
    const auto stat = read_text(proc, "stat");
    if (!stat) return std::nullopt;
    // The second field is a name in parentheses, of the process's own choosing: it may hold blanks and parentheses.
    const auto name_end = stat->rfind(')');
    if (name_end == std::string::npos) return std::nullopt;
    return leading_number<std::uint64_t>(after_separators(std::string_view(*stat).substr(name_end), ' ', 22 - 2));
  }

  std::optional<uid_t> owner(int proc) const override {
    const auto status = read_text(proc, "status");
    const auto line = status ? status->find("\nUid:\t") : std::string::npos;
    if (line == std::string::npos) return std::nullopt;
    return leading_number<uid_t>(after_separators(std::string_view(*status).substr(line), '\t', 2));  // real, effective
  }

  std::optional<FileId> executable(int proc) const override { return file_at(proc, "exe"); }

  std::optional<std::string> path_of(int proc, const FileId& file) const override { return exe_path(proc, file); }

  std::optional<std::string> sha256(int proc, const FileId& file) const override {
    const Descriptor exe(::openat(proc, "exe", O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat opened {};
    if (exe.fd() < 0 || ::fstat(exe.fd(), &opened) != 0) return std::nullopt;
    if (FileId{opened.st_dev, opened.st_ino} != file) return std::nullopt;
    return hashes_.of(exe.fd());
  }

  int open_cgroup(int proc) const override { return ::openat(proc, "cgroup", O_RDONLY | O_CLOEXEC); }

  std::optional<std::string> unit(int cgroup) const override {
    std::array<char, 4096> text;
    const auto count = ::pread(cgroup, text.data(), text.size(), 0);
    // One that does not fit is no systemd's: none is the safe answer.
    if (count <= 0 || static_cast<std::size_t>(count) == text.size()) return std::nullopt;
    return unit_of_cgroup({text.data(), static_cast<std::size_t>(count)});
  }

  void close(int fd) const override { ::close(fd); }

 private:
  mutable ExecutableHashes hashes_;
};

}  // namespace

ExecutableSight sight_of_executables() {
  constexpr int cap_sys_ptrace = 19;
  constexpr std::string_view name = "\nCapEff:\t";
  const auto status = read_text(AT_FDCWD, "/proc/self/status");
  const auto at = status ? status->find(name) : std::string::npos;
  if (at == std::string::npos) return ExecutableSight::nothing;
  std::uint64_t capabilities = 0;
  const auto* digits = status->data() + at + name.size();
  std::from_chars(digits, status->data() + status->size(), capabilities, 16);
  if ((capabilities >> cap_sys_ptrace & 1) == 0) return ExecutableSight::nothing;
  const auto first = file_at(AT_FDCWD, "/proc/1/ns/mnt");
  return first && first == file_at(AT_FDCWD, "/proc/self/ns/mnt") ? ExecutableSight::paths : ExecutableSight::hashes;
}

std::unique_ptr<ProcessView> make_process_view() { return std::make_unique<KernelView>(); }

}  // namespace jeton
