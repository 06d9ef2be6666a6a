// One sentence that answers, and what to type next.
#pragma once

#include <string>
#include <vector>

#include "readers/why.hpp"

namespace jeton::cli {

/// "This token was minted for refund on https://… by agent billing at …, redeemed 0.2 s later by …; it is worthless
/// now." Safe for a terminal.
[[nodiscard]] std::string sentence_of(const Why& why);
/// Commands for whoever read the sentence, the most urgent first, each with what it does.
[[nodiscard]] std::vector<std::string> next_of(const Why& why, std::int64_t now_us);

}  // namespace jeton::cli
