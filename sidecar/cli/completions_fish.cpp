// The script for fish: one line a command and one an option, each under the condition of where the cursor is.
#include "cli/completions.hpp"

namespace jeton::cli {
namespace {

/// fish knows two escapes within single quotes.
std::string fish_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string value_of(const OptionWords& option) {
  if (!option.choices.empty()) {
    std::string all;
    for (const auto& choice : option.choices) all += (all.empty() ? "" : " ") + choice;
    return " -x -a " + fish_quoted(all);
  }
  if (path_kind(option) == PathKind::file) return " -r -F";
  if (path_kind(option) == PathKind::directory) return " -x -a '(__fish_complete_directories)'";
  return " -x";
}

std::string option_line(const std::string& begin, const OptionWords& option) {
  auto line = begin;
  if (option.positional) {
    if (path_kind(option) == PathKind::none && option.choices.empty()) return "";
    return line + (path_kind(option) == PathKind::file ? " -F" : value_of(option).substr(3)) + "\n";
  }
  for (const auto& name : option.names)
    line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  if (!option.value.empty()) line += value_of(option);
  return line + " -d " + fish_quoted(option.help) + "\n";
}

}  // namespace

std::string fish_completion(const CommandWords& program) {
  const auto& name = program.path;
  std::string script = "# fish completion of " + name + "; made by: jeton completions fish " + name + "\nfunction __" +
                       name + "_at --argument-names wanted\n    set -l at " + name + "\n";
  if (!program.commands.empty())
    script += "    for word in (commandline -opc)[2..-1]\n        switch \"$at $word\"\n            case " +
              paths_below(program, " ") + "\n                set at \"$at $word\"\n        end\n    end\n";
  script += "    test \"$at\" = \"$wanted\"\nend\ncomplete -c " + name + " -f\n";
  for_each_command(program, [&](const CommandWords& command) {
    const auto begin = "complete -c " + name + " -n " + fish_quoted("__" + name + "_at \"" + command.path + "\"");
    for (const auto& child : command.commands)
      script += begin + " -a " + child.name() + " -d " + fish_quoted(child.help) + "\n";
    for (const auto& option : command.options) script += option_line(begin, option);
  });
  return script;
}

}  // namespace jeton::cli
