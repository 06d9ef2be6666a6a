// HTTP/1.1 over a Unix socket, one request at a time, with one deadline for all of it.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include <sys/types.h>

#include "jeton/error.hpp"
#include "jeton/http_codec.hpp"

namespace jeton {

using Deadline = std::chrono::steady_clock::time_point;

/// A connection that is open. Blocking, bounded by the deadline of each call. One thread at a time.
class UnixHttp {
 public:
  /// sidecar_unavailable when nobody listens, when the account that listens is not the owner of the socket file, or not
  /// `daemon_uid` where one is asked for.
  [[nodiscard]] static Result<UnixHttp> connect(const std::filesystem::path& socket, std::optional<uid_t> daemon_uid,
                                                Deadline deadline);
  ~UnixHttp();
  UnixHttp(UnixHttp&& other) noexcept;
  UnixHttp& operator=(UnixHttp&& other) noexcept;

  /// Sends what `encode_request` made. sidecar_unavailable when the answer did not come whole and in time; the
  /// connection is then of no more use.
  [[nodiscard]] Result<HttpAnswer> exchange(std::string_view request, Deadline deadline);
  /// Whether the answer allowed another request.
  [[nodiscard]] bool reusable() const { return reusable_; }

  /// The descriptor of a connection that is set aside, and the connection again; whoever holds it closes it.
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }
  [[nodiscard]] static UnixHttp adopt(int fd) { return UnixHttp(fd); }

 private:
  explicit UnixHttp(int fd) : fd_(fd) {}
  [[nodiscard]] Result<void> send_all(std::string_view bytes, Deadline deadline);
  [[nodiscard]] Result<void> wait_for(short events, Deadline deadline) const;

  int fd_ = -1;
  bool reusable_ = true;
};

}  // namespace jeton
