// The daemon, put together: which objects there are, who owns them, in which order they start and stop. No logic.
#pragma once

#include <filesystem>
#include <optional>

#include "jeton/error.hpp"

namespace jeton {

struct DaemonOptions {
  bool dev = false;
  std::optional<std::filesystem::path> config = std::nullopt;
  std::optional<std::filesystem::path> state = std::nullopt;
  std::optional<std::filesystem::path> socket = std::nullopt;
  std::optional<std::string> listen = std::nullopt;  ///< "HOST:PORT" or "none"; beats the configuration
  bool accept_rollback = false;
  /// Serves this agent alone, who is whoever can open the socket (`for_one_agent`); needs `socket`.
  std::optional<std::string> only_agent = std::nullopt;
};

/// Runs jetond until it is told to stop. One line on stdout when ready. bad_request: the configuration or a directory
/// must be put right first; log_unavailable: the log or its key.
[[nodiscard]] Result<void> run_daemon(const DaemonOptions& options);

/// This build's version.
[[nodiscard]] std::string_view version();

}  // namespace jeton
