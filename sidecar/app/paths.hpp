// Where state, configuration and socket are when nobody says.
#pragma once

#include <filesystem>
#include <optional>

namespace jeton {

/// Started by systemd as a system service: no user's runtime directory, but an invocation.
[[nodiscard]] bool is_system_service();
/// Whether the file is one that systemd hands over (LoadCredential=), and so nobody else's.
[[nodiscard]] bool is_credential(const std::filesystem::path& file);

/// For the daemon: /var/lib/jeton for a service, else $XDG_STATE_HOME/jeton, else ~/.local/state/jeton.
[[nodiscard]] std::filesystem::path default_state();
/// For a command that reads: the first of the user's and the service's that holds a log.
[[nodiscard]] std::filesystem::path default_state_to_read();
/// What a reader may keep and lose: $XDG_CACHE_HOME/jeton, else ~/.cache/jeton; nothing without either.
[[nodiscard]] std::optional<std::filesystem::path> default_cache();
/// $JETON_SOCKET, else /run/jeton/agent.sock for a service or where there is no $XDG_RUNTIME_DIR, else the user's.
[[nodiscard]] std::filesystem::path default_socket();
/// STATE/jeton.toml if it is there, else /etc/jeton/jeton.toml.
[[nodiscard]] std::filesystem::path default_config(const std::filesystem::path& state);
/// Where systemd puts what is sealed for this service.
[[nodiscard]] std::optional<std::filesystem::path> credentials_directory();

}  // namespace jeton
