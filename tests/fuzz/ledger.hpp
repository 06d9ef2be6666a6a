// A small real ledger as bytes, and what must hold when any bytes are opened in its place.
#pragma once

#include <filesystem>
#include <string>

#include "fuzz/targets.hpp"

namespace jeton::fuzz {

/// A jeton.db with one call from opening to outcome, in small pages.
[[nodiscard]] const std::string& small_ledger();

/// A file for a ledger in a directory of this process; what an earlier input left beside it is gone.
[[nodiscard]] std::filesystem::path fresh_ledger_file(std::string_view bytes);

/// Reads, sums up and appends. A refusal and LogDamaged are answers; every other exception is a mistake of ours.
void hold_for_ledger(const std::filesystem::path& file);

}  // namespace jeton::fuzz
