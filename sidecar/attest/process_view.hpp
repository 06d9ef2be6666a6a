// The port through which attestation looks at sockets and processes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <sys/types.h>
#include <tl/expected.hpp>

namespace jeton {

using FileId = std::pair<std::uint64_t, std::uint64_t>;  ///< device, inode

/// Why there is no pidfd. `failed` means the process has ended (or descriptors ran out), and looking its pid up in
/// another way could find a stranger.
enum class NoPidfd { unsupported, failed };

/// What attestation asks of the system, so that a test can play an older kernel, a recycled pid or another namespace.
class ProcessView {
 public:
  virtual ~ProcessView() = default;
  struct Credentials {
    uid_t uid;
    gid_t gid;
    pid_t pid;  ///< 0 from another pid namespace
  };
  /// SO_PEERCRED of a connected Unix socket; none for any other.
  [[nodiscard]] virtual std::optional<Credentials> credentials(int socket) const = 0;
  /// SO_PEERPIDFD (Linux 6.5).
  [[nodiscard]] virtual tl::expected<int, NoPidfd> peer_pidfd(int socket) const = 0;
  /// pidfd_open (Linux 5.3).
  [[nodiscard]] virtual tl::expected<int, NoPidfd> pidfd_open(pid_t pid) const = 0;
  /// Whether the process a pidfd names still runs; a zombie does not.
  [[nodiscard]] virtual bool alive(int pidfd) const = 0;
  /// An open directory /proc/<pid>, which never comes to mean a later process of that pid; -1 when there is none.
  [[nodiscard]] virtual int open_proc(pid_t pid) const = 0;
  /// Field 22 of /proc/<pid>/stat; none when the process is gone or hidden (hidepid).
  [[nodiscard]] virtual std::optional<std::uint64_t> start_time(int proc) const = 0;
  /// The effective uid.
  [[nodiscard]] virtual std::optional<uid_t> owner(int proc) const = 0;
  /// The file the process runs. None when it cannot be read: another uid's without CAP_SYS_PTRACE, or one that has
  /// ended.
  [[nodiscard]] virtual std::optional<FileId> executable(int proc) const = 0;
  /// The path that leads to that file here and now; none when deleted, covered by a mount, or in another mount
  /// namespace.
  [[nodiscard]] virtual std::optional<std::string> path_of(int proc, const FileId& file) const = 0;
  /// Lower-case hex of the executable's SHA-256; none unless it is `file`, readable and of bearable size.
  [[nodiscard]] virtual std::optional<std::string> sha256(int proc, const FileId& file) const = 0;
  /// The process's cgroup file, to be read again and again; -1 when there is none.
  [[nodiscard]] virtual int open_cgroup(int proc) const = 0;
  /// The systemd system service by the process's cgroup.
  [[nodiscard]] virtual std::optional<std::string> unit(int cgroup) const = 0;
  virtual void close(int fd) const = 0;
};

/// The real thing: getsockopt, pidfd, /proc. Thread-safe; hashes of executables are cached by file identity and times.
[[nodiscard]] std::unique_ptr<ProcessView> make_process_view();

/// What this process is let to know of executables of other accounts: nothing without CAP_SYS_PTRACE; their hashes
/// alone in a mount namespace other than that of process 1, where paths may name other files.
enum class ExecutableSight { nothing, hashes, paths };
[[nodiscard]] ExecutableSight sight_of_executables();

}  // namespace jeton
