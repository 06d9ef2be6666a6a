// The tools a server offers: name, what the model reads about them, and the function.
#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "jeton/json.hpp"

namespace example {

using jeton::Json;

/// What the model gets to read. A failed tool says why, and what to do next.
struct ToolOutput {
  std::string text;
  bool failed = false;
};
[[nodiscard]] inline ToolOutput tool_failed(std::string why) { return {std::move(why), true}; }

struct Tool {
  std::string name;
  std::string description;
  Json input_schema;
  std::function<ToolOutput(const Json& arguments)> run;
};

class Toolbox {
 public:
  void add(Tool tool) { tools_.push_back(std::move(tool)); }
  /// From here on a tool that is not there answers with its own arguments, for replaying transcripts of other tools.
  void echo_unknown_tools();
  [[nodiscard]] const Tool* find(std::string_view name) const;
  /// As tools/list shows them.
  [[nodiscard]] Json list() const;

 private:
  std::vector<Tool> tools_;
  std::vector<Tool> echo_;  ///< none or one
};

/// Why these arguments are not an object with only the known members, of which `required` is a string; empty: they are.
[[nodiscard]] std::string unfit_arguments(const Json& arguments, std::string_view required,
                                          std::initializer_list<std::string_view> known);

/// A JSON Schema for an object of these properties.
[[nodiscard]] Json object_schema(Json properties, std::vector<std::string> required);

}  // namespace example
