// Reading [policy]: the engine that decides beside the grants.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "app/config_section.hpp"
#include "policy/engine_wire.hpp"

namespace jeton {

/// An external policy as it is configured.
struct EngineConfig {
  EngineKind kind = EngineKind::authzen;
  std::string url;
  std::int64_t timeout_ms = 100;
  std::optional<std::string> token_file = std::nullopt;  ///< an absolute path, as the next one
  std::optional<std::string> ca_file = std::nullopt;
  bool send_arguments = false;

  bool operator==(const EngineConfig&) const = default;
  /// "pdp.example:8443", of the url.
  [[nodiscard]] std::string host() const;
};

/// What is below [policy]; what cannot be becomes a mistake at its line.
[[nodiscard]] EngineConfig read_policy(const ConfigSection& section);

}  // namespace jeton
