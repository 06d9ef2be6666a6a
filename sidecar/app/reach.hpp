// What the daemon needs of the file system from its configuration on, and whether it gives up the rest.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "app/config.hpp"
#include "app/landlock.hpp"
#include "attest/process_view.hpp"

namespace jeton {

/// What of the machine and of this start decides with the configuration.
struct Surroundings {
  int abi = 0;                                       ///< `landlock_abi()`
  ExecutableSight sight = ExecutableSight::nothing;  ///< `sight_of_executables()`
  uid_t daemon_uid = 0;
  bool only_agent = false;  ///< a private daemon
  bool accept_rollback = false;
};

/// Why the daemon keeps the whole file system, in a few words; empty: it gives it up. A process under Landlock sees no
/// executable, so `auto` gives up nothing where the daemon would see some: those of its own account, or of all with
/// CAP_SYS_PTRACE.
[[nodiscard]] std::string why_no_landlock(const Config& config, const Surroundings& here);

/// The paths of this start.
struct StartPaths {
  std::filesystem::path state;
  std::filesystem::path config;
  std::vector<std::filesystem::path> sockets;
};

/// Everything that is opened later: STATE, checkpoints, the directory of the configuration, those of the sockets,
/// /proc.
[[nodiscard]] std::vector<Reach> reach_of(const Config& config, const StartPaths& places);

/// Gives up the rest where `why_no_landlock` has no reason. What `status` says: "on (ABI 7)" or "off (why)".
/// bad_request when it is "on" and this kernel or a path does not allow it.
[[nodiscard]] Result<std::string> confine_files(const Config& config, const StartPaths& places,
                                                const Surroundings& here);

}  // namespace jeton
