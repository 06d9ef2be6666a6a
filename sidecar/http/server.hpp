// HTTP/1.1 over Unix sockets and TCP: reads requests, vouches for who sent them, and hands all that are ready to the
// door at once.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "attest/peer.hpp"
#include "http/message.hpp"
#include "http/places.hpp"
#include "http/stall_guard.hpp"
#include "http/tls.hpp"

namespace jeton {

/// One loop on the calling thread. A lone request is read, committed and answered without a hand-off; under load one
/// commit serves every request that was ready. While the disk hangs, `guard` runs the loop from its own thread.
class Server {
 public:
  Server(Door& door, const ProcessView& view, const ServerLimits& limits, StallGuard& guard);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Takes over a listening Unix socket. `path` is what callers through it are known by.
  void listen(int socket, const std::filesystem::path& path);
  /// The same of a TCP socket. Nobody's process is known there: a caller is an address.
  /// With `tls` everybody there speaks TLS.
  void listen_to_network(int socket, std::shared_ptr<const TlsContext> tls = nullptr);
  /// Between ticks: other keys for connections from now on, and other trust for all.
  void set_tls(std::shared_ptr<const TlsContext> tls);

  /// What SIGHUP asks for; runs between ticks.
  void on_hangup(std::function<void()> reload);
  /// Between ticks. Requests that are being read keep the limits they began with.
  void set_limits(const ServerLimits& limits);

  /// Open now: all, those of local accounts without a part to play, and those of the network. Since the start: how many
  /// were turned away, and how many never came to speak TLS.
  struct Connections {
    std::size_t open;
    std::size_t strangers;
    std::size_t network;
    std::uint64_t turned_away;
    std::uint64_t network_turned_away;
    std::uint64_t handshakes_failed;
  };
  /// On the loop's thread.
  [[nodiscard]] Connections connections() const;

  /// Serves until SIGTERM or SIGINT, then lets requests in flight finish. `ready` runs once the loop is about to start.
  void run(const std::function<void()>& ready);

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

/// Binds and listens on a Unix socket: replaces a stale file, never one that a live daemon answers on. The socket gets
/// `mode` and, where `group` is set, that group, before anybody can connect. bad_request says what is in the way.
struct SocketFile {
  std::filesystem::path path;
  unsigned mode = 0660;
  std::optional<gid_t> group = std::nullopt;
};
[[nodiscard]] Result<int> bind_unix_socket(const SocketFile& file);

}  // namespace jeton
