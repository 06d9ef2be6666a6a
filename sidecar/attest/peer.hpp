// Who is on the other end of a Unix socket, and is it still the same process?
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "attest/caller.hpp"
#include "attest/cgroup.hpp"
#include "attest/process_view.hpp"
#include "jeton/error.hpp"

namespace jeton {

/// How the peer's process is pinned; `status` says which. Only peer_pidfd is free of the race between connect and
/// accept in which a pid can come to mean another process; the others use /proc only while its owner is the peer's uid.
enum class PinMethod { peer_pidfd, pidfd_open, none };

/// One connected peer. Credentials are the kernel's and fixed at connect; everything from /proc is read again at each
/// request, and the pidfd is checked alive after it was read. Lives as long as its connection. One thread.
class Peer {
 public:
  /// unattested_peer when the kernel gives no credentials or the process is already gone. `view` outlives the peer;
  /// `socket` stays the caller's.
  [[nodiscard]] static Result<Peer> accept(const ProcessView& view, int socket, std::string socket_path);
  ~Peer();
  Peer(Peer&& other) noexcept;
  Peer& operator=(Peer&&) = delete;

  /// The evidence as of now. unattested_peer, and the connection must be closed, when the process has ended or its
  /// start time or executable has changed since accept.
  [[nodiscard]] Result<Caller> caller() const;
  /// Adds the executable's hash to `caller` where it can be computed. Reads the whole file the first time.
  void add_sha256(Caller& caller) const;
  [[nodiscard]] PinMethod pin_method() const { return pin_; }

 private:
  explicit Peer(const ProcessView& view) : view_(&view) {}
  [[nodiscard]] Result<void> pin(int socket, pid_t pid);
  void open_proc(const ProcessView::Credentials& credentials);
  [[nodiscard]] Result<void> check_alive() const;
  [[nodiscard]] Result<void> check_same_process(const std::optional<FileId>& executable) const;

  const ProcessView* view_;
  Caller fixed_;
  int pidfd_ = -1;
  int proc_ = -1;  ///< -1: nothing but the credentials is known
  int cgroup_ = -1;
  PinMethod pin_ = PinMethod::none;
  std::optional<std::uint64_t> start_time_;
  std::optional<FileId> exe_file_;
};

}  // namespace jeton
