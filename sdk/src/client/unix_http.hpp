// HTTP/1.1 over a Unix socket, one request at a time, with one deadline for all of it.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <sys/types.h>

#include "jeton/error.hpp"

namespace jeton {

using Deadline = std::chrono::steady_clock::time_point;

struct HttpAnswer {
  int status;
  std::string body;
};

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

  /// sidecar_unavailable when the answer did not come whole and in time; the connection is then of no more use.
  [[nodiscard]] Result<HttpAnswer> exchange(std::string_view method, std::string_view target, std::string_view body,
                                            Deadline deadline);
  /// Whether the answer allowed another request.
  [[nodiscard]] bool reusable() const { return reusable_; }

 private:
  explicit UnixHttp(int fd) : fd_(fd) {}
  [[nodiscard]] Result<void> send_all(std::string_view bytes, Deadline deadline);
  [[nodiscard]] Result<void> wait_for(short events, Deadline deadline) const;

  int fd_ = -1;
  bool reusable_ = true;
};

}  // namespace jeton
