// Finding tools, listing them, and the checks their arguments share.
#include "tool_server/toolbox.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace example {
namespace {

ToolOutput echo(const Json& arguments) {
  const auto text = jeton::canonical_json(arguments);
  return text ? ToolOutput{*text} : tool_failed(text.error().message);
}

}  // namespace

void Toolbox::echo_unknown_tools() {
  echo_ = {{"", "answers with its arguments", object_schema(Json::object(), {}), echo}};
}

const Tool* Toolbox::find(std::string_view name) const {
  const auto found = std::find_if(tools_.begin(), tools_.end(), [&](const Tool& tool) { return tool.name == name; });
  if (found != tools_.end()) return &*found;
  return echo_.empty() ? nullptr : &echo_.front();
}

Json Toolbox::list() const {
  Json list = Json::array();
  for (const Tool& tool : tools_) {
    list.push_back({{"name", tool.name}, {"description", tool.description}, {"inputSchema", tool.input_schema}});
  }
  return list;
}

std::string unfit_arguments(const Json& arguments, std::string_view required,
                            std::initializer_list<std::string_view> known) {
  if (!arguments.is_object()) return "arguments must be an object";
  for (const auto& [name, value] : arguments.items()) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return fmt::format("unknown argument; known are: {}", fmt::join(known, ", "));
    }
  }
  const auto found = arguments.find(required);
  if (found == arguments.end() || !found->is_string()) return fmt::format("{} must be a string", required);
  // The system's calls end a name at the first zero byte; what is checked and what is used must be the same.
  if (found->get_ref<const std::string&>().find('\0') != std::string::npos) {
    return fmt::format("{} must not hold a zero byte", required);
  }
  return {};
}

Json object_schema(Json properties, std::vector<std::string> required) {
  Json schema = {{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  if (!required.empty()) schema["required"] = std::move(required);
  return schema;
}

}  // namespace example
