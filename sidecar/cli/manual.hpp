// Manual pages: prose that people wrote, with the parts that a program knows better filled in.
#pragma once

#include <span>

#include "app/config.hpp"
#include "cli/command_tree.hpp"

namespace jeton::cli {

/// What a page may ask for.
struct ManualParts {
  CommandWords jeton;
  CommandWords jetond;
  std::span<const ConfigKey> keys;
};

/// The mdoc(7) page with each line `.\" @commands@` (every command of jeton), `.\" @common@` (what each of them takes),
/// `.\" @daemon@` (jetond's options) and `.\" @keys@` (the configuration's keys) replaced by what it names. bad_request
/// for a line of that form that names something else.
[[nodiscard]] Result<std::string> filled_manual(std::string_view page, const ManualParts& parts);

}  // namespace jeton::cli
