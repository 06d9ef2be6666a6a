// Pins the process behind a connection, reads its evidence, and only then asks whether it is still there.
#include "attest/peer.hpp"

#include <utility>

namespace jeton {
namespace {

tl::unexpected<Error> process_gone() {
  return refuse(Code::unattested_peer,
                "the process that connected has ended or cannot be pinned; open a new connection from a running one");
}

}  // namespace

Result<Peer> Peer::accept(const ProcessView& view, int socket, std::string socket_path) {
  const auto credentials = view.credentials(socket);
  if (!credentials) {
    return refuse(Code::unattested_peer, "the kernel vouches for nobody here; connect through a unix socket");
  }
  Peer peer(view);
  peer.fixed_.uid = credentials->uid;
  peer.fixed_.gid = credentials->gid;
  if (credentials->pid != 0) peer.fixed_.pid = credentials->pid;
  peer.fixed_.socket = std::move(socket_path);

  if (const auto pinned = peer.pin(socket, credentials->pid); !pinned) return refuse(pinned.error());
  if (credentials->pid != 0) peer.open_proc(*credentials);
  // Alive only now means that /proc/<pid> was opened while the pid was still that process's.
  if (const auto alive = peer.check_alive(); !alive) return refuse(alive.error());
  return peer;
}

Peer::~Peer() {
  if (cgroup_ >= 0) view_->close(cgroup_);
  if (proc_ >= 0) view_->close(proc_);
  if (pidfd_ >= 0) view_->close(pidfd_);
}

Peer::Peer(Peer&& other) noexcept
    : view_(other.view_),
      fixed_(std::move(other.fixed_)),
      pidfd_(std::exchange(other.pidfd_, -1)),
      proc_(std::exchange(other.proc_, -1)),
      cgroup_(std::exchange(other.cgroup_, -1)),
      pin_(other.pin_),
      start_time_(other.start_time_),
      exe_file_(other.exe_file_) {}

Result<void> Peer::pin(int socket, pid_t pid) {
  auto pidfd = view_->peer_pidfd(socket);
  auto method = PinMethod::peer_pidfd;
  if (!pidfd && pidfd.error() == NoPidfd::unsupported && pid != 0) {
    pidfd = view_->pidfd_open(pid);
    method = PinMethod::pidfd_open;
  }
  if (pidfd) {
    pidfd_ = *pidfd;
    pin_ = method;
    return {};
  }
  if (pidfd.error() == NoPidfd::failed) return process_gone();
  return {};
}

void Peer::open_proc(const ProcessView::Credentials& credentials) {
  proc_ = view_->open_proc(credentials.pid);
  if (proc_ < 0) return;
  start_time_ = view_->start_time(proc_);
  // Found by number alone, /proc/<pid> may be a stranger's by now; one of the same account would prove nothing false.
  const bool ours = pin_ == PinMethod::peer_pidfd || view_->owner(proc_) == credentials.uid;
  if (!start_time_ || !ours) {
    view_->close(std::exchange(proc_, -1));
    return;
  }
  cgroup_ = view_->open_cgroup(proc_);
  exe_file_ = view_->executable(proc_);
  // A path is looked up once: as long as the process runs this file, it is what the path led to when it connected.
  if (exe_file_) fixed_.exe = view_->path_of(proc_, *exe_file_);
}

Result<Caller> Peer::caller() const {
  Caller caller = fixed_;
  std::optional<FileId> executable;
  if (proc_ >= 0) {
    executable = view_->executable(proc_);
    if (cgroup_ >= 0) caller.unit = view_->unit(cgroup_);
  }
  if (const auto same = check_same_process(executable); !same) return refuse(same.error());
  return caller;
}

void Peer::add_sha256(Caller& caller) const {
  if (proc_ >= 0 && exe_file_) caller.sha256 = view_->sha256(proc_, *exe_file_);
}

Result<void> Peer::check_alive() const {
  if (pidfd_ >= 0 && !view_->alive(pidfd_)) return process_gone();
  return {};
}

Result<void> Peer::check_same_process(const std::optional<FileId>& executable) const {
  // A pidfd from the socket itself names the process that connected and no other: its start time cannot change.
  const bool by_start_time = proc_ >= 0 && pin_ != PinMethod::peer_pidfd;
  const auto start_time = by_start_time ? view_->start_time(proc_) : start_time_;
  // Last of all: what was read before is true of the process only if it is still there now.
  if (const auto alive = check_alive(); !alive || proc_ < 0) return alive;
  if (!start_time) return process_gone();
  if (start_time != start_time_) {
    return refuse(Code::unattested_peer, "the pid of this connection now names another process; open a new connection");
  }
  if (executable != exe_file_) {
    return refuse(Code::unattested_peer, "the connected process runs another executable by now; open a new connection");
  }
  return {};
}

}  // namespace jeton
