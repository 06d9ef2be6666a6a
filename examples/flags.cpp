// The one file of the examples that knows the command line library.
#include "flags.hpp"

#include <CLI/CLI.hpp>

namespace example {
namespace {

CLI::Option* add(CLI::App& app, const Flag& flag) {
  if (const auto* on = std::get_if<bool*>(&flag.value)) return app.add_flag(flag.name, **on, flag.sentence);
  if (const auto* text = std::get_if<std::string*>(&flag.value)) {
    return app.add_option(flag.name, **text, flag.sentence)->capture_default_str();
  }
  return app.add_option(flag.name, *std::get<std::optional<std::string>*>(flag.value), flag.sentence);
}

}  // namespace

std::optional<int> read_flags(const std::string& description, const std::vector<Flag>& flags, int argc, char** argv) {
  CLI::App app(description);
  for (const Flag& flag : flags) add(app, flag)->required(flag.required);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return std::nullopt;
}

}  // namespace example
