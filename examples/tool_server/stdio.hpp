// Lines in, lines out: the framing of MCP over stdio.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace example {

/// Answers one line; nothing when there is nothing to say.
using AnswerLine = std::function<std::optional<std::string>(std::string_view line)>;

/// Hands each line of `in` to `answer` and writes what it says to `out`, until the end of either. A line over `limit`
/// bytes is not kept: `answer` gets its first `limit` + 1 bytes, which it must refuse, and the rest is skipped.
/// False when reading or writing failed.
bool serve_lines(int in, int out, std::size_t limit, const AnswerLine& answer);

}  // namespace example
