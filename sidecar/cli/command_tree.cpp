// What is hidden from --help is no part of the values.
#include "cli/command_tree.hpp"

namespace jeton::cli {
namespace {

/// "a|b|c" is a choice; "JSON" and "JTI" are names of one.
std::vector<std::string> choices_in(const std::string& value) {
  std::vector<std::string> choices;
  if (value.find('|') == value.npos) return choices;
  for (std::size_t at = 0; at <= value.size();) {
    const auto end = std::min(value.find('|', at), value.size());
    choices.push_back(value.substr(at, end - at));
    at = end + 1;
  }
  return choices;
}

/// A type as CLI11 knows it, without what its checks add behind a colon: "UINT:INT in [1 - 10000]" is N.
std::string value_name(const CLI::Option& option) {
  if (option.get_items_expected_max() == 0) return "";
  const auto type = option.get_type_name();
  const auto open = type.find('{'), close = type.rfind('}');
  if (open != type.npos && close != type.npos && open < close) {  // CLI::IsMember: TEXT:{a,b}
    auto set = type.substr(open + 1, close - open - 1);
    std::replace(set.begin(), set.end(), ',', '|');
    return set;
  }
  const auto name = type.substr(0, type.find(':'));
  return name == "UINT" || name == "INT" ? "N" : name;
}

OptionWords words_of(const CLI::Option& option) {
  OptionWords words;
  words.positional = option.get_positional();
  if (words.positional) {
    words.names.push_back(option.get_name(true));
  } else {
    for (const auto& name : option.get_snames()) words.names.push_back("-" + name);
    for (const auto& name : option.get_lnames()) words.names.push_back("--" + name);
  }
  words.help = option.get_description();
  words.value = value_name(option);
  words.choices = choices_in(words.value);
  words.required = option.get_required();
  words.repeats = option.get_items_expected_max() > 1;
  return words;
}

CommandWords words_at(const CLI::App& app, const std::string& path) {
  CommandWords words{path, app.get_description(), {}, {}};
  for (const auto* option : app.get_options())
    if (!option->get_group().empty()) words.options.push_back(words_of(*option));
  for (const auto* command : app.get_subcommands([](const CLI::App* one) { return !one->get_group().empty(); }))
    words.commands.push_back(words_at(*command, path + " " + command->get_name()));
  return words;
}

}  // namespace

CommandWords words_of_tree(const CLI::App& app) { return words_at(app, app.get_name()); }

void for_each_command(const CommandWords& command, const std::function<void(const CommandWords&)>& visit) {
  visit(command);
  for (const auto& child : command.commands) for_each_command(child, visit);
}

}  // namespace jeton::cli
