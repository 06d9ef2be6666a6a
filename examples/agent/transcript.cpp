// Reading a transcript: all of it, or nothing and the line that is wrong.
#include "agent/transcript.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "jeton/event.hpp"
#include "jeton/tool_call.hpp"
#include "text_file.hpp"

namespace example {
namespace {

constexpr std::size_t tool_bytes_max = 256;
constexpr std::array<std::string_view, 4> members = {"run", "call_id", "name", "arguments"};

/// What is wrong with the members of one line; empty: nothing.
std::string fault_of(const Json& line) {
  if (!line.is_object()) return "a call is an object";
  for (const std::string_view name : members) {
    if (!line.contains(name)) return fmt::format("{} is missing", name);
  }
  for (const auto& [name, value] : line.items()) {
    if (std::find(members.begin(), members.end(), name) == members.end()) {
      return fmt::format("unknown member {}; known are: {}", jeton::escape_for_log(name.substr(0, 64)),
                         fmt::join(members, ", "));
    }
  }
  for (const std::string_view id : {"run", "call_id"}) {
    if (!line[id].is_string() || !jeton::is_log_id(line[id].get_ref<const std::string&>())) {
      return fmt::format("{} must be a string of 1 to 128 printable ASCII characters without spaces", id);
    }
  }
  const Json& name = line["name"];
  if (!name.is_string() || name.get_ref<const std::string&>().empty()) return "name must be a string";
  if (name.get_ref<const std::string&>().size() > tool_bytes_max) return "name is longer than 256 bytes";
  if (!line["arguments"].is_object()) return "arguments must be an object";
  const auto digest = jeton::args_digest(name.get<std::string>(), line["arguments"]);
  return digest ? "" : digest.error().message;
}

tl::expected<TranscriptCall, std::string> parse_call(std::string_view text) {
  auto line = jeton::parse_json_strictly(text, {.depth = 65});
  if (!line) return tl::unexpected(line.error().message);
  if (auto fault = fault_of(*line); !fault.empty()) return tl::unexpected(std::move(fault));
  return TranscriptCall{(*line)["run"], (*line)["call_id"], (*line)["name"], std::move((*line)["arguments"])};
}

}  // namespace

tl::expected<Transcript, std::string> parse_transcript(std::string_view text, std::string_view file) {
  Transcript transcript;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    auto call = parse_call(text.substr(0, end));
    if (!call) return tl::unexpected(fmt::format("{}:{}: {}", file, number, call.error()));
    transcript.push_back(std::move(*call));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  if (transcript.empty()) return tl::unexpected(fmt::format("{}:1: no calls", file));
  return transcript;
}

tl::expected<Transcript, std::string> read_transcript(const std::filesystem::path& file) {
  const auto text = read_text_file(file);
  if (!text) return tl::unexpected(fmt::format("{}: cannot be read", file.string()));
  return parse_transcript(*text, file.string());
}

}  // namespace example
