// A trust domain's root key in its file: made once by the domain's operator, and kept away from every daemon.
#pragma once

#include <filesystem>
#include <string>

#include "jeton/domain.hpp"

namespace jeton {

/// The secret half, and whose it is.
struct RootKey {
  std::string trust_domain;
  SigningKey key;

  [[nodiscard]] DomainRoot root() const { return {trust_domain, key.verifying_key()}; }
};

/// Makes a key and writes it into a new file, mode 0600, synced. bad_request when something of that name is there, or
/// it cannot be written.
[[nodiscard]] Result<RootKey> make_root_key(const std::filesystem::path& file, const std::string& trust_domain);

/// bad_request for a file that cannot be read or is of another form, and for one that others may read.
[[nodiscard]] Result<RootKey> read_root_key(const std::filesystem::path& file);

}  // namespace jeton
