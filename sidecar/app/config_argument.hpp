// Reading [[grant.argument]]: from the tables of one grant to its rules.
#pragma once

#include <vector>

#include "app/config_section.hpp"
#include "policy/argument_rule.hpp"

namespace jeton {

/// The rules below one [[grant]]; what cannot be one becomes a mistake at its line.
[[nodiscard]] std::vector<ArgumentRule> read_argument_rules(const ConfigNode& grant, Mistakes& mistakes);

}  // namespace jeton
