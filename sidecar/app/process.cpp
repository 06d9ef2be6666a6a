// Limits and flags of this process.
#include "app/process.hpp"

#include <algorithm>
#include <csignal>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

namespace jeton {
namespace {

/// The socket, and the pidfd, the /proc directory and the cgroup file of its peer.
constexpr rlim_t descriptors_a_connection = 4;
/// The database and its kin, the lock, the loop's own, listening sockets, a checkpoint being written, a configuration
/// being read, and four connections that are being refused.
constexpr rlim_t spare_descriptors = 48;

}  // namespace

void harden_process() {
  ::umask(077);
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
  std::signal(SIGPIPE, SIG_IGN);
}

std::size_t connections_within_descriptors(std::size_t wanted) {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY) return wanted;
  const auto left = files.rlim_cur > spare_descriptors ? files.rlim_cur - spare_descriptors : 0;
  return std::clamp<std::size_t>(left / descriptors_a_connection, 1, wanted);
}

}  // namespace jeton
