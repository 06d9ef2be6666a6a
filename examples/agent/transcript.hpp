// A transcript: the tool calls a model asked for, one JSON object a line, read completely before anything runs.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "jeton/json.hpp"

namespace example {

using jeton::Json;

struct TranscriptCall {
  std::string run;
  std::string call_id;
  std::string name;
  Json arguments;
};

using Transcript = std::vector<TranscriptCall>;

/// Every line has exactly run, call_id, name and arguments, in strict JSON, and could be minted a token. The error is
/// "FILE:LINE: why" for the first line that is not so, and never holds an argument's value.
[[nodiscard]] tl::expected<Transcript, std::string> parse_transcript(std::string_view text, std::string_view file);
[[nodiscard]] tl::expected<Transcript, std::string> read_transcript(const std::filesystem::path& file);

}  // namespace example
