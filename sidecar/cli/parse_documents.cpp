// Hidden commands for whoever builds a package: completions and manual pages, made of the commands themselves.
#include <iostream>
#include <iterator>
#include <memory>

#include "cli/command_line.hpp"
#include "cli/completions.hpp"
#include "cli/manual.hpp"

namespace jeton::cli {
namespace {

CommandWords words_of_daemon() {
  CLI::App app("", "jetond");
  app.set_version_flag("--version", std::string());
  DaemonOptions options;
  add_daemon_options(app, options);
  return words_of_tree(app);
}

int print_completions(const CLI::App& jeton, const std::string& shell, const std::string& program) {
  const auto words = program == "jetond" ? words_of_daemon() : words_of_tree(jeton);
  const auto script = shell == "bash"  ? bash_completion(words)
                      : shell == "zsh" ? zsh_completion(words)
                                       : fish_completion(words);
  fmt::print("{}", script);
  return 0;
}

int fill_manual(const CLI::App& jeton) {
  const std::string page{std::istreambuf_iterator<char>(std::cin), {}};
  const auto filled = filled_manual(page, {words_of_tree(jeton), words_of_daemon(), config_keys()});
  if (!filled) return usage(filled.error().message);
  fmt::print("{}", *filled);
  return 0;
}

}  // namespace

void add_document_commands(CommandLine& line) {
  auto shell = std::make_shared<std::string>();
  auto program = std::make_shared<std::string>("jeton");
  auto* completions = line.add(line.app, "completions", "a completion script",
                               [&app = line.app, shell, program] { return print_completions(app, *shell, *program); });
  completions->add_option("shell", *shell)->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completions->add_option("program", *program)->check(CLI::IsMember({"jeton", "jetond"}));
  completions->group("");

  line.add(line.app, "manual", "the manual page on stdin with its parts filled in",
           [&app = line.app] { return fill_manual(app); })
      ->group("");
}

}  // namespace jeton::cli
