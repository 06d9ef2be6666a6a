// The script for zsh: commands with their sentences, options by _arguments.
#include "cli/completions.hpp"

namespace jeton::cli {
namespace {

/// In the brackets and between the colons of a spec.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

/// ":NAME:action" of a value.
std::string value_of(const OptionWords& option) {
  std::string action = " ";
  if (!option.choices.empty()) {
    action = "(";
    for (const auto& choice : option.choices) action += (action.size() > 1 ? " " : "") + choice;
    action += ")";
  } else if (path_kind(option) == PathKind::file) {
    action = "_files";
  } else if (path_kind(option) == PathKind::directory) {
    action = "_files -/";
  }
  const auto& name = option.positional ? option.names.front() : option.value;
  return ":" + escaped(name) + ":" + action;
}

std::vector<std::string> specs_of(const CommandWords& command) {
  std::vector<std::string> specs;
  for (const auto& option : command.options) {
    if (option.positional) {
      specs.push_back(value_of(option));
      continue;
    }
    for (const auto& name : option.names)
      specs.push_back((option.repeats ? "*" : "") + name + "[" + escaped(option.help) + "]" +
                      (option.value.empty() ? "" : value_of(option)));
  }
  return specs;
}

std::string commands_of(const CommandWords& command) {
  std::vector<std::string> words;
  for (const auto& child : command.commands) words.push_back(child.name() + ":" + escaped(child.help));
  return "      local -a next=(" + joined(words, " ") + ")\n      _describe command next\n";
}

}  // namespace

std::string zsh_completion(const CommandWords& program) {
  std::string cases;
  for_each_command(program, [&](const CommandWords& command) {
    cases += "    " + shell_quoted(command.path) + ")\n";
    if (!command.commands.empty()) cases += commands_of(command);
    cases += "      _arguments -S " + joined(specs_of(command), " ") + " ;;\n";
  });
  std::string walk;
  if (!program.commands.empty())
    walk = "  for ((i = 2; i < CURRENT; i++)); do\n    case \"$at $words[i]\" in\n      (" +
           paths_below(program, " | ") + ") at+=\" $words[i]\"; depth=i ;;\n    esac\n  done\n";
  const auto& name = program.path;
  // _arguments sees the command's own words alone.
  return "#compdef " + name + "\n# made by: jeton completions zsh " + name + "\n_" + name + "() {\n  local at=" + name +
         "\n  integer i depth=1\n" + walk +
         "  words=(\"${(@)words[depth,-1]}\")\n  (( CURRENT -= depth - 1 ))\n  case $at in\n" + cases + "  esac\n}\n_" +
         name + " \"$@\"\n";
}

}  // namespace jeton::cli
