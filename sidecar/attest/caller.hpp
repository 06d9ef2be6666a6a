// Who asks, as the kernel vouches: a value, compared and logged, never a claim of the caller's own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <sys/types.h>

namespace jeton {

/// Evidence about the process at the other end of a Unix socket. What is proved is an *account*: code under the same
/// uid is not told apart by anything here but the own socket and the system unit.
struct Caller {
  uid_t uid = 0;
  gid_t gid = 0;
  std::optional<pid_t> pid = std::nullopt;           ///< none from another pid namespace
  std::optional<std::string> exe = std::nullopt;     ///< none from another mount namespace, deleted or unreadable
  std::optional<std::string> sha256 = std::nullopt;  ///< lower-case hex; only when a selector asked for it
  std::optional<std::string> unit = std::nullopt;    ///< systemd system unit
  std::string socket;                                ///< path of the daemon's socket it came through

  bool operator==(const Caller&) const = default;
};

}  // namespace jeton
