// What would the grants of a configuration file say to a call? Asked of the file alone; no daemon is needed.
#pragma once

#include <filesystem>

#include "policy/policy.hpp"

namespace jeton {

struct ExplainRequest {
  std::string agent;
  std::optional<std::string> server = std::nullopt;  ///< none: as a call that is opened before its server is known
  std::string tool;
  Json arguments;
  std::int64_t wall_us;  ///< when
};

/// Reads the configuration as the daemon of `state` would. bad_request: the configuration is none; bad_arguments;
/// unknown_agent and unknown_server: not configured, with the nearest name that is.
[[nodiscard]] Result<Explanation> explain_policy(const std::filesystem::path& config,
                                                 const std::filesystem::path& state, const ExplainRequest& request);

}  // namespace jeton
