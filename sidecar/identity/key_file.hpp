// A secret that outlives the process: a file made whole or not at all, and read only where nobody else could have.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string_view>

#include "jeton/error.hpp"
#include "jeton/secret.hpp"

namespace jeton {

/// One kind of key file.
struct KeyFileKind {
  std::string_view header;  ///< its first line, with the line feed
  std::string_view name;    ///< "log key", in messages
  std::string_view
      credential;         ///< what systemd hands it over as (systemd-creds, LoadCredentialEncrypted=); empty: never
  std::size_t bytes_min;  ///< behind the header, as the next one
  std::size_t bytes_max;
};

/// Whether systemd hands this one over, unsealed for this service alone: then that one is read and no file of STATE.
[[nodiscard]] bool is_credential(const KeyFileKind& kind);

/// `person`: root may read the daemon's.
enum class KeyReader { daemon, person };

/// What stands behind the header; nothing where there is no such file. log_unavailable for one that others may read,
/// that is not the daemon's own, or that is not of this kind.
[[nodiscard]] Result<std::optional<Secret>> read_key_file(const std::filesystem::path& file, const KeyFileKind& kind,
                                                          KeyReader reader = KeyReader::daemon);

/// Mode 0600; written whole and synced before it gets its name. log_unavailable with the system's reason.
[[nodiscard]] Result<void> write_key_file(const std::filesystem::path& file, const KeyFileKind& kind,
                                          const Secret& secret);

}  // namespace jeton
