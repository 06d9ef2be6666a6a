// Three system calls and their numbers: the headers of Debian 12 end before half of what kernels have by now.
#include "app/landlock.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <ctime>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ops/notify.hpp"

namespace jeton {
namespace {

// linux/landlock.h
struct RulesetAttr {
  std::uint64_t handled_access_fs, handled_access_net, scoped;
};
struct [[gnu::packed]] PathBeneathAttr {
  std::uint64_t allowed_access;
  std::int32_t parent_fd;
};
constexpr int rule_path_beneath = 1;
constexpr std::uint32_t create_ruleset_version = 1;

constexpr std::uint64_t bit(unsigned n) { return std::uint64_t{1} << n; }
constexpr std::uint64_t execute = bit(0), write_file = bit(1), read_file = bit(2), read_dir = bit(3),
                        remove_dir = bit(4), remove_file = bit(5), make_dir = bit(7), make_reg = bit(8),
                        make_sock = bit(9), refer = bit(13), truncate_file = bit(14), ioctl_dev = bit(15);
constexpr std::uint64_t of_files = execute | write_file | read_file | truncate_file | ioctl_dev;
constexpr std::uint64_t connect_tcp = bit(1);
constexpr std::uint64_t abstract_socket = bit(0), signal = bit(1);

/// What each ABI gave the kernel a word for.
struct Words {
  std::uint64_t fs, net, scoped;
};
constexpr std::array<Words, 7> words{{{bit(13) - 1, 0, 0},
                                      {bit(14) - 1, 0, 0},
                                      {bit(15) - 1, 0, 0},
                                      {bit(15) - 1, connect_tcp, 0},
                                      {bit(16) - 1, connect_tcp, 0},
                                      {bit(16) - 1, connect_tcp, abstract_socket | signal},
                                      {bit(16) - 1, connect_tcp, abstract_socket | signal}}};

std::uint64_t rights_of(Reach::Use use) {
  switch (use) {
    case Reach::Use::keep:
      return read_file | read_dir | write_file | truncate_file | make_reg | make_dir | remove_file | remove_dir | refer;
    case Reach::Use::replace: return read_file | write_file | make_reg | remove_file;
    case Reach::Use::listen: return make_sock | remove_file;
    case Reach::Use::read: break;
  }
  return read_file | read_dir;
}

tl::unexpected<Error> failed(std::string_view what) {
  return refuse(Code::internal, fmt::format("{}: {}", what, std::error_code(errno, std::generic_category()).message()));
}

class Descriptor {
 public:
  explicit Descriptor(long fd) : fd_(static_cast<int>(fd)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

Result<void> allow(int ruleset, const Reach& reach, std::uint64_t handled) {
  const Descriptor at(::open(reach.path.c_str(), O_PATH | O_CLOEXEC));
  struct stat info {};
  if (at.fd() < 0 && (errno == ENOENT || errno == ENOTDIR)) return {};
  if (at.fd() < 0 || ::fstat(at.fd(), &info) != 0) return failed(reach.path.string());
  const auto rights = rights_of(reach.use) & handled & (S_ISDIR(info.st_mode) ? ~std::uint64_t{0} : of_files);
  const PathBeneathAttr rule{rights, at.fd()};
  if (::syscall(SYS_landlock_add_rule, ruleset, rule_path_beneath, &rule, 0) != 0) return failed(reach.path.string());
  return {};
}

}  // namespace

int landlock_abi() {
  const auto abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, create_ruleset_version);
  return static_cast<int>(std::clamp<long>(abi, 0, words.size()));
}

Result<void> give_up_files(const std::vector<Reach>& reaches, int abi) {
  if (abi < 1 || abi > static_cast<int>(words.size())) return refuse(Code::internal, "this kernel has no Landlock");
  // Read now, or syslog(3) would tell its time in UTC.
  ::tzset();
  const auto& [fs, net, scoped] = words[static_cast<std::size_t>(abi) - 1];
  // A service manager that listens on an abstract socket is spoken to as long as the daemon runs.
  const RulesetAttr handled{fs, net, service_manager_is_abstract() ? scoped & ~abstract_socket : scoped};
  const Descriptor ruleset(::syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0));
  if (ruleset.fd() < 0) return failed("no Landlock ruleset");
  for (const auto& reach : reaches)
    if (auto allowed = allow(ruleset.fd(), reach, fs); !allowed) return allowed;
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::syscall(SYS_landlock_restrict_self, ruleset.fd(), 0) != 0)
    return failed("the Landlock ruleset cannot be enforced");
  return {};
}

}  // namespace jeton
