// What a call scope remembers between the open and the outcome.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <unistd.h>

#include "client/door.hpp"
#include "jeton/call_scope.hpp"

namespace jeton {

struct CallScope::State {
  std::shared_ptr<ClientShared> client;
  Txn txn;
  std::string grant;
  std::string tool;
  Json arguments;
  std::chrono::steady_clock::time_point began;
  std::optional<std::string> server_of_first = std::nullopt;
  std::optional<MintedToken> first = std::nullopt;  ///< came with the open, not handed out yet
  bool finished = false;
  pid_t opener = ::getpid();
};

/// The token members of an answer; sidecar_unavailable when they are not what the protocol says.
[[nodiscard]] Result<MintedToken> minted_of(const Json& answer);

}  // namespace jeton
