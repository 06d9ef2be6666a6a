// JWKs of the three algorithms (RFC 7517, 7518 section 6, 8037): what a key's public numbers are called, and reading
// them so that each key has one spelling.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "jeton/key.hpp"

namespace jeton {

/// The members that RFC 7638 hashes, in its order: names and values need no escaping.
using PublicMembers = std::vector<std::pair<std::string_view, std::string>>;
[[nodiscard]] PublicMembers public_members(std::span<const unsigned char> ed25519);
[[nodiscard]] PublicMembers public_members(const OpensslKey& key);
/// RFC 7638 section 3.
[[nodiscard]] std::string thumbprint(const PublicMembers& members);

/// Whether a JWK is, by its kty, its crv and, of RSA, its alg, for none of the three algorithms. Of an object.
[[nodiscard]] bool is_for_another_algorithm(const Json& jwk);
/// Whether it has a member that only a private or symmetric key of a kind that is understood has.
[[nodiscard]] bool has_private_member(const Json& jwk);
/// The key by kty, crv and its public numbers, whatever else the JWK says.
[[nodiscard]] Result<VerifyingKey> read_public_numbers(const Json& jwk);

/// The member where it is a text.
[[nodiscard]] const std::string* text_member(const Json& object, std::string_view name);

}  // namespace jeton
