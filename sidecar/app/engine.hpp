// The engine of the configuration: its token read, its connection made.
#pragma once

#include <functional>
#include <memory>

#include "app/config.hpp"
#include "jeton/secret.hpp"
#include "ops/metrics.hpp"
#include "outbound/fetch.hpp"
#include "policy/remote_engine.hpp"

namespace jeton {

/// What `token_file` holds, but for a newline at its end; nothing where none is configured. bad_request unless it is a
/// regular file of root or the daemon's account that nobody else can read, with one line of visible ASCII in it, at
/// most 8 KiB.
[[nodiscard]] Result<std::optional<Secret>> read_engine_token(const EngineConfig& config, uid_t daemon_uid);

/// The engine of the configuration, and what came of the questions to it.
struct OutsidePolicy {
  RemoteEngine engine;
  EngineMetrics metrics = {};
};
/// Reached by `fetch`, which must outlive it; nothing where none is configured.
[[nodiscard]] Result<std::unique_ptr<OutsidePolicy>> make_outside_policy(const Config& config, uid_t daemon_uid,
                                                                         Fetch* fetch);

/// Reads the token of another configuration of the same engine; it is sent once the result has been called.
[[nodiscard]] Result<std::function<void()>> prepare_token(OutsidePolicy* outside, const Config& wanted,
                                                          uid_t daemon_uid);

}  // namespace jeton
