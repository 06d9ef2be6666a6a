// The list of what a token daemon has no business with. Everything else stays: libraries may change how they read a
// file.
#include "app/confine.hpp"

#include <array>
#include <cerrno>
#include <memory>

#include <fmt/core.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/socket.h>

namespace jeton {
namespace {

constexpr std::array refused{
    // other programs and other processes
    SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev), SCMP_SYS(pidfd_getfd), SCMP_SYS(process_madvise), SCMP_SYS(kcmp),
    // the machine
    SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(pivot_root), SCMP_SYS(chroot), SCMP_SYS(move_mount),
    SCMP_SYS(open_tree), SCMP_SYS(fsopen), SCMP_SYS(fsmount), SCMP_SYS(fsconfig), SCMP_SYS(mount_setattr),
    SCMP_SYS(swapon), SCMP_SYS(swapoff), SCMP_SYS(reboot), SCMP_SYS(kexec_load), SCMP_SYS(kexec_file_load),
    SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(delete_module), SCMP_SYS(acct), SCMP_SYS(quotactl),
    SCMP_SYS(sethostname), SCMP_SYS(setdomainname), SCMP_SYS(settimeofday), SCMP_SYS(clock_settime), SCMP_SYS(adjtimex),
    SCMP_SYS(clock_adjtime), SCMP_SYS(iopl), SCMP_SYS(ioperm), SCMP_SYS(open_by_handle_at),
    // other rights than it has
    SCMP_SYS(unshare), SCMP_SYS(setns), SCMP_SYS(setuid), SCMP_SYS(setgid), SCMP_SYS(setreuid), SCMP_SYS(setregid),
    SCMP_SYS(setresuid), SCMP_SYS(setresgid), SCMP_SYS(setgroups), SCMP_SYS(capset), SCMP_SYS(personality),
    SCMP_SYS(mknod), SCMP_SYS(mknodat),
    // parts of the kernel that attacks begin with
    SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd), SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter),
    SCMP_SYS(io_uring_register), SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(keyctl), SCMP_SYS(fanotify_init)};

struct Release {
  void operator()(void* filter) const { seccomp_release(filter); }
};

/// Every family of sockets but the Unix one and, where there is a network, those of IP. Name resolution does without
/// netlink.
int refuse_sockets(scmp_filter_ctx filter, Network network) {
  const auto no = SCMP_ACT_ERRNO(EPERM);
  if (network == Network::none) return seccomp_rule_add(filter, no, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_NE, AF_UNIX));
  // One comparison an argument and a rule: what lies between and beyond the three, which are 1, 2 and 10.
  static_assert(AF_UNIX == 1 && AF_INET == 2 && AF_INET6 == 10);
  int failed = seccomp_rule_add(filter, no, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_LT, AF_UNIX));
  for (int family = AF_INET + 1; failed == 0 && family < AF_INET6; ++family)
    failed = seccomp_rule_add(filter, no, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, static_cast<unsigned>(family)));
  if (failed == 0) failed = seccomp_rule_add(filter, no, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_GT, AF_INET6));
  return failed;
}

int refuse_all(scmp_filter_ctx filter, Network network) {
  const auto no = SCMP_ACT_ERRNO(EPERM);
  for (const int call : refused)
    if (const int failed = seccomp_rule_add(filter, no, call, 0); failed != 0) return failed;
  // What is no thread of its maker is a process, with the same memory (vfork) or without: it would outlive the daemon.
  // The arguments of clone3 lie where no filter can read them; told that there is no such call, the C library takes
  // clone.
  if (const int failed = seccomp_rule_add(filter, no, SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
      failed != 0)
    return failed;
  if (const int failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0); failed != 0)
    return failed;
  return refuse_sockets(filter, network);
}

}  // namespace

Result<void> give_up_system_calls(Network network) {
  const std::unique_ptr<void, Release> filter(seccomp_init(SCMP_ACT_ALLOW));
  // As a tree: a mint makes two dozen calls, and each is looked up.
  if (filter) seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
  int failed = filter ? refuse_all(filter.get(), network) : -ENOMEM;
  if (failed == 0) failed = seccomp_load(filter.get());
  if (failed == 0) return {};
  return refuse(Code::internal,
                fmt::format("no seccomp filter: {}", std::error_code(-failed, std::generic_category()).message()));
}

}  // namespace jeton
