// The real machine, or the same with an older kernel, for tests that attest real processes.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "attest/peer.hpp"
#include "child.hpp"
#include "support/catch.hpp"

namespace jeton::test {

constexpr const char* cat = "/bin/cat";

/// The real machine as if its kernel were older.
class OlderKernel final : public ProcessView {
 public:
  explicit OlderKernel(bool has_pidfd_open) : has_pidfd_open_(has_pidfd_open) {}
  std::optional<Credentials> credentials(int socket) const override { return real_->credentials(socket); }
  tl::expected<int, NoPidfd> peer_pidfd(int) const override { return tl::unexpected(NoPidfd::unsupported); }
  tl::expected<int, NoPidfd> pidfd_open(pid_t pid) const override {
    if (!has_pidfd_open_) return tl::unexpected(NoPidfd::unsupported);
    return real_->pidfd_open(pid);
  }
  bool alive(int pidfd) const override { return real_->alive(pidfd); }
  int open_proc(pid_t pid) const override { return real_->open_proc(pid); }
  std::optional<std::uint64_t> start_time(int proc) const override { return real_->start_time(proc); }
  std::optional<uid_t> owner(int proc) const override { return real_->owner(proc); }
  std::optional<FileId> executable(int proc) const override { return real_->executable(proc); }
  std::optional<std::string> path_of(int proc, const FileId& file) const override { return real_->path_of(proc, file); }
  std::optional<std::string> sha256(int proc, const FileId& file) const override { return real_->sha256(proc, file); }
  int open_cgroup(int proc) const override { return real_->open_cgroup(proc); }
  std::optional<std::string> unit(int cgroup) const override { return real_->unit(cgroup); }
  void close(int fd) const override { real_->close(fd); }

 private:
  std::unique_ptr<ProcessView> real_ = make_process_view();
  bool has_pidfd_open_;
};

inline bool kernel_has_peer_pidfd() {
  int pair[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
  const auto view = make_process_view();
  const auto pidfd = view->peer_pidfd(pair[0]);
  if (pidfd) ::close(*pidfd);
  ::close(pair[0]);
  ::close(pair[1]);
  return pidfd.has_value();
}

/// Every way to pin that can be tried here: the real one, and those of older kernels.
inline std::unique_ptr<ProcessView> view_of(PinMethod method) {
  if (method == PinMethod::peer_pidfd) return make_process_view();
  return std::make_unique<OlderKernel>(method == PinMethod::pidfd_open);
}

inline Result<Peer> accept_on(const ProcessView& view, const Listener& listener) {
  const int socket = listener.accept();
  auto peer = Peer::accept(view, socket, listener.path());
  ::close(socket);
  return peer;
}

inline bool needs_root() {
  if (::geteuid() == 0) return false;
  WARN("not root: nothing to see of other accounts and namespaces");
  return true;
}

inline std::string own_exe() { return std::filesystem::read_symlink("/proc/self/exe"); }

inline std::string copy_of_cat(const Listener& listener) {
  const auto copy = listener.directory() / "cat (copy) ";
  std::filesystem::copy_file(cat, copy);
  return copy;
}

}  // namespace jeton::test
