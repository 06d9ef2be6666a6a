// A transcript: commands as a person types them, and what they must print.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "support/run.hpp"

namespace jeton::outside {

/// One command with what is expected of it. In the file: "$ command", then stdout line by line, stderr with "! " before
/// each line, "= N" for an exit status other than 0. "# " begins a comment.
struct Step {
  std::size_t line = 0;
  std::string command;
  std::vector<std::string> out;
  std::vector<std::string> err;
  int status = 0;
};

[[nodiscard]] std::vector<Step> read_transcript(const std::string& text);

/// Whether a line is as expected. <token> <txn> <jti> <int> <time> <clock> <version> <word> <path> <any> stand for what
/// changes; runs of spaces count as one. What <token>, <txn> and <jti> stood for is kept in `seen`, for later commands
/// as $token, $txn and $jti, and must be the same wherever <same-txn> or <same-jti> stands.
[[nodiscard]] bool matches(const std::string& expected, const std::string& line, Environment& seen);

/// What is wrong with an output, line by line; empty when it is as expected.
[[nodiscard]] std::string difference(const std::vector<std::string>& expected, const std::string& output,
                                     Environment& seen);

}  // namespace jeton::outside
