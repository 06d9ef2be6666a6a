// Commands, options and keys as mdoc(7).
#include "cli/manual.hpp"

#include <algorithm>

namespace jeton::cli {
namespace {

/// As text of a page: a backslash shows, and a dot or a quote at the beginning of a line is no request.
std::string text_line(std::string_view text) {
  std::string line = text.starts_with('.') || text.starts_with('\'') ? "\\&" : "";
  for (const char c : text) line += c == '\\' ? "\\e" : std::string(1, c);
  return line + "\n";
}

/// As one argument of a request.
std::string word(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\\(dq" : c == '\\' ? "\\e" : std::string(1, c);
  return quoted + "\"";
}

/// "--limit" is the flag "-limit" of mdoc.
std::string flag(std::string_view name) { return "Fl " + std::string(name.substr(1)); }

std::string option_item(const OptionWords& option) {
  std::string item = ".It ";
  if (option.positional) {
    item += "Ar " + word(option.value.empty() ? option.names.front() : option.value);
  } else {
    for (std::size_t i = 0; i < option.names.size(); ++i) item += (i ? " , " : "") + flag(option.names[i]);
    if (!option.value.empty()) item += " Ar " + word(option.value);
  }
  std::string notes = option.required && !option.positional ? " (required)" : "";
  if (option.repeats) notes += " (may be given several times)";
  return item + "\n" + text_line(option.help + notes);
}

std::string items(const std::vector<OptionWords>& options) {
  if (options.empty()) return "";
  std::string list = ".Bl -tag -width Ds\n";
  for (const auto& option : options) list += option_item(option);
  return list + ".El\n";
}

std::vector<CommandWords> leaves_of(const CommandWords& program) {
  std::vector<CommandWords> leaves;
  for_each_command(program, [&](const CommandWords& command) {
    if (command.commands.empty()) leaves.push_back(command);
  });
  return leaves;
}

/// The options of every command alike.
std::vector<OptionWords> common_options(const CommandWords& program) {
  const auto leaves = leaves_of(program);
  auto common = leaves.front().options;
  std::erase_if(common, [&](const OptionWords& option) {
    return std::any_of(leaves.begin(), leaves.end(), [&](const CommandWords& leaf) {
      return std::find(leaf.options.begin(), leaf.options.end(), option) == leaf.options.end();
    });
  });
  return common;
}

std::string commands(const CommandWords& program) {
  const auto common = common_options(program);
  std::string page;
  for_each_command(program, [&](const CommandWords& command) {
    auto options = command.options;
    std::erase_if(options, [&](const OptionWords& option) {
      return std::find(common.begin(), common.end(), option) != common.end();
    });
    if (command.path != program.path) page += ".Ss " + word(command.path) + "\n" + text_line(command.help + ".");
    if (command.path != program.path && command.commands.empty()) page += items(options);
  });
  return page;
}

std::string range_of(const ConfigKey& key) {
  if (key.type != "integer") return "";
  constexpr auto unbounded = std::int64_t{1} << 62;
  return key.max >= unbounded ? fmt::format(", at least {}", key.min) : fmt::format(", {} to {}", key.min, key.max);
}

std::string keys(std::span<const ConfigKey> all) {
  std::string page;
  std::string_view section = "none";
  for (const auto& key : all) {
    if (key.section != section) {
      if (section != "none") page += ".El\n";
      section = key.section;
      const bool table = section == "limits" || section == "policy";
      const auto name = section.empty() ? std::string("At the top")
                                        : fmt::format("{}{}{}", table ? "[" : "[[", section, table ? "]" : "]]");
      page += ".Ss " + word(name) + "\n.Bl -tag -width Ds\n";
    }
    page += ".It Ic " + word(key.key) + "\n" + text_line(key.sentence);
    const auto standard = key.default_value.empty() ? "" : fmt::format("; default {}", key.default_value);
    const auto unit = key.unit.empty() ? "" : fmt::format(" ({})", key.unit);
    page += text_line(
        fmt::format("{}{}{}{}{}.", key.type, unit, range_of(key), standard, key.required ? "; required" : ""));
  }
  return page + ".El\n";
}

}  // namespace

Result<std::string> filled_manual(std::string_view page, const ManualParts& parts) {
  constexpr std::string_view opening = ".\\\" @";
  std::string filled;
  while (!page.empty()) {
    const auto line = page.substr(0, page.find('\n'));
    page.remove_prefix(std::min(line.size() + 1, page.size()));
    if (!line.starts_with(opening))
      filled += std::string(line) + "\n";
    else if (const auto name = line.substr(opening.size()); name == "commands@")
      filled += commands(parts.jeton);
    else if (name == "common@")
      filled += items(common_options(parts.jeton));
    else if (name == "daemon@")
      filled += items(parts.jetond.options);
    else if (name == "keys@")
      filled += keys(parts.keys);
    else
      return refuse(Code::bad_request, fmt::format("a manual page has no part {}", line));
  }
  return filled;
}

}  // namespace jeton::cli
