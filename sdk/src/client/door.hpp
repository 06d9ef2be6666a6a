// The sidecar's local door as this process uses it: a few idle connections, shared by threads, never across a fork.
#pragma once

#include <array>
#include <atomic>
#include <string>

#include <unistd.h>

#include "client/unix_http.hpp"
#include "jeton/client.hpp"

namespace jeton {

/// Thread-safe. Requests run on connections of their own, so threads never wait for one another.
class SidecarDoor {
 public:
  SidecarDoor(std::filesystem::path socket, const ClientOptions& options)
      : socket_(std::move(socket)), deadline_(options.deadline), daemon_uid_(options.daemon_uid), owner_(::getpid()) {
    for (auto& place : idle_) place = none;
  }
  ~SidecarDoor();
  SidecarDoor(const SidecarDoor&) = delete;
  SidecarDoor& operator=(const SidecarDoor&) = delete;

  /// The JSON of a 2xx answer; a refusal with the sidecar's own code, txn and log index; sidecar_unavailable otherwise.
  /// A connection that turned out to be closed is replaced once: every request of the door is safe to send again.
  [[nodiscard]] Result<Json> get(std::string_view target) { return ask("GET", target, ""); }
  [[nodiscard]] Result<Json> post(std::string_view target, const Json& body);
  /// The body of a 200 as it is.
  [[nodiscard]] Result<std::string> get_text(std::string_view target);

  [[nodiscard]] const std::filesystem::path& socket() const { return socket_; }

 private:
  [[nodiscard]] Result<Json> ask(std::string_view method, std::string_view target, std::string_view body);
  [[nodiscard]] Result<HttpAnswer> exchange(std::string_view request);
  [[nodiscard]] HttpAnswer keep(UnixHttp connection, HttpAnswer answer);
  [[nodiscard]] std::optional<UnixHttp> take_idle();
  void put_idle(UnixHttp connection);

  static constexpr std::size_t idle_max = 8;
  static constexpr int none = -1;

  const std::filesystem::path socket_;
  const std::chrono::milliseconds deadline_;
  const std::optional<uid_t> daemon_uid_;
  // Descriptors and no lock: a fork while another thread holds a lock would leave the child waiting for ever.
  std::array<std::atomic<int>, idle_max> idle_;
  std::atomic<pid_t> owner_;
};

/// What copies of a Client and its scopes share.
struct ClientShared {
  SidecarDoor door;
  std::string issuer;
};

}  // namespace jeton
