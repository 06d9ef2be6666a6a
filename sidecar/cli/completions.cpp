// What the scripts share, and the one for bash.
#include "cli/completions.hpp"

namespace jeton::cli {
namespace {

/// The line that completes a value, or the first word after the options.
std::string bash_value(const OptionWords& option) {
  if (!option.choices.empty()) {
    std::string all;
    for (const auto& choice : option.choices) all += (all.empty() ? "" : " ") + choice;
    return "COMPREPLY=($(compgen -W " + shell_quoted(all) + " -- \"$cur\"))";
  }
  // File names may hold blanks, and the shell marks directories.
  switch (path_kind(option)) {
    case PathKind::file: return "mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); compopt -o filenames 2>/dev/null";
    case PathKind::directory:
      return "mapfile -t COMPREPLY < <(compgen -d -- \"$cur\"); compopt -o filenames 2>/dev/null";
    case PathKind::none: break;
  }
  return ":";
}

/// After an option that takes a value comes that value and nothing else.
std::string bash_values(const CommandWords& program) {
  std::string cases;
  for_each_command(program, [&](const CommandWords& command) {
    for (const auto& option : command.options) {
      if (option.positional || option.value.empty()) continue;
      std::vector<std::string> words;
      for (const auto& name : option.names) words.push_back(command.path + " " + name);
      cases += "    " + joined(words, " | ") + ")\n      " + bash_value(option) + "\n      return ;;\n";
    }
  });
  return cases;
}

std::string bash_words(const CommandWords& program) {
  std::string cases;
  for_each_command(program, [&](const CommandWords& command) {
    std::string words;
    std::string positional;
    for (const auto& child : command.commands) words += child.name() + " ";
    for (const auto& option : command.options) {
      if (!option.positional)
        for (const auto& name : option.names) words += name + " ";
      else if (positional.empty() && bash_value(option) != ":")
        positional = bash_value(option);
    }
    if (!words.empty()) words.pop_back();
    cases += "    " + shell_quoted(command.path) + ")\n";
    if (!positional.empty()) cases += "      if [[ $cur != -* ]]; then " + positional + "; return; fi\n";
    cases += "      COMPREPLY=($(compgen -W " + shell_quoted(words) + " -- \"$cur\")) ;;\n";
  });
  return cases;
}

/// Walks to the command that the words before the cursor name; nothing when there is none below the program.
std::string bash_walk(const CommandWords& program) {
  if (program.commands.empty()) return "";
  return "  for ((i = 1; i < COMP_CWORD; i++)); do\n    case \"$at ${COMP_WORDS[i]}\" in\n      " +
         paths_below(program, " | ") + ")\n        at+=\" ${COMP_WORDS[i]}\" ;;\n    esac\n  done\n";
}

}  // namespace

PathKind path_kind(const OptionWords& option) {
  if (option.value == "DIR") return PathKind::directory;
  return option.value == "FILE" || option.value == "PATH" ? PathKind::file : PathKind::none;
}

std::string shell_quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  std::string all;
  for (const auto& word : words) {
    if (!all.empty()) all += between;
    all += shell_quoted(word);
  }
  return all;
}

std::string paths_below(const CommandWords& program, std::string_view between) {
  std::vector<std::string> paths;
  for_each_command(program, [&](const CommandWords& command) {
    if (command.path != program.path) paths.push_back(command.path);
  });
  return joined(paths, between);
}

std::string bash_completion(const CommandWords& program) {
  const auto name = program.path;
  return "# bash completion of " + name + "; made by: jeton completions bash " + name + "\n_" + name +
         "() {\n  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} at=" + name +
         " i\n  COMPREPLY=()\n" + bash_walk(program) + "  case \"$at $prev\" in\n" + bash_values(program) +
         "  esac\n  case $at in\n" + bash_words(program) + "  esac\n}\ncomplete -F _" + name + " " + name + "\n";
}

}  // namespace jeton::cli
