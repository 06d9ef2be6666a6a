// What is said where somebody asks for an archived event.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "store/store.hpp"

namespace jeton {

/// "events 0 to 511 were archived on 2026-11-30; ask the archive: jeton log <ask> --state DIR". Only for an archive
/// with a `first`, and from an event before that on.
[[nodiscard]] std::string archived_words(const LogReader::Archive& archive, std::string_view ask,
                                         std::uint64_t from = 0);

}  // namespace jeton
