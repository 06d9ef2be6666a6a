// What holds for every text that is taken for a token.
#pragma once

#include <optional>

#include "fuzz/targets.hpp"
#include "support/forge.hpp"

namespace jeton::fuzz {

/// Throws Broken unless every byte of an accepted text is accounted for; hands the token on.
std::optional<UnverifiedToken> hold_for_token(std::string_view compact);

}  // namespace jeton::fuzz
