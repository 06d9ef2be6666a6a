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

/// A member of an answer that must be an integer from 0 on; Json::exception for every other, fractions and booleans
/// included. Strict parsing has kept it below 2^53.
[[nodiscard]] inline std::int64_t count_of(const Json& answer, const char* name) {
  return static_cast<std::int64_t>(answer.at(name).get_ref<const Json::number_unsigned_t&>());
}

/// The token members of an answer; sidecar_unavailable when they are not what the protocol says.
[[nodiscard]] Result<MintedToken> minted_of(const Json& answer);

}  // namespace jeton
