// The engine of the configuration: its token read, its connection made.
#pragma once

#include <memory>

#include "app/config_policy.hpp"
#include "jeton/secret.hpp"
#include "outbound/fetch.hpp"
#include "policy/remote_engine.hpp"

namespace jeton {

/// What `token_file` holds, but for a newline at its end; nothing where none is configured. bad_request unless it is a
/// regular file of root or the daemon's account that nobody else can read, with one line of visible ASCII in it, at most
/// 8 KiB.
[[nodiscard]] Result<std::optional<Secret>> read_engine_token(const EngineConfig& config, uid_t daemon_uid);

/// The configured engine, reached by `fetch`, which must outlive it.
[[nodiscard]] Result<std::unique_ptr<RemoteEngine>> make_engine(const EngineConfig& config, uid_t daemon_uid,
                                                                Fetch& fetch);

}  // namespace jeton
