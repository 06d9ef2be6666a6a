// The environment is read here and nowhere else in the sidecar.
#include "app/paths.hpp"

#include <cstdlib>

namespace jeton {
namespace {

std::optional<std::filesystem::path> from_environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

const std::filesystem::path service_state = "/var/lib/jeton";

std::filesystem::path user_state() {
  if (const auto state = from_environment("XDG_STATE_HOME")) return *state / "jeton";
  if (const auto home = from_environment("HOME")) return *home / ".local/state/jeton";
  return service_state;
}

}  // namespace

bool is_system_service() { return from_environment("INVOCATION_ID") && !from_environment("XDG_RUNTIME_DIR"); }

bool is_credential(const std::filesystem::path& file) {
  const auto directory = from_environment("CREDENTIALS_DIRECTORY");
  return directory && directory->is_absolute() && file.parent_path() == *directory;
}

std::filesystem::path default_state() { return is_system_service() ? service_state : user_state(); }

std::filesystem::path default_state_to_read() {
  std::error_code ignored;
  for (const auto& state : {user_state(), service_state})
    if (std::filesystem::exists(state / "jeton.db", ignored)) return state;
  return default_state();
}

std::optional<std::filesystem::path> default_cache() {
  if (const auto cache = from_environment("XDG_CACHE_HOME")) return *cache / "jeton";
  if (const auto home = from_environment("HOME")) return *home / ".cache/jeton";
  return std::nullopt;
}

std::filesystem::path default_socket() {
  if (const auto socket = from_environment("JETON_SOCKET")) return *socket;
  const auto runtime = from_environment("XDG_RUNTIME_DIR");
  if (is_system_service() || !runtime) return "/run/jeton/agent.sock";
  return *runtime / "jeton" / "agent.sock";
}

std::filesystem::path default_config(const std::filesystem::path& state) {
  std::error_code ignored;
  const auto own = state / "jeton.toml";
  return std::filesystem::exists(own, ignored) ? own : std::filesystem::path("/etc/jeton/jeton.toml");
}

std::optional<std::filesystem::path> credentials_directory() { return from_environment("CREDENTIALS_DIRECTORY"); }

}  // namespace jeton
