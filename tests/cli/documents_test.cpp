// Do completions and manual pages say what --help says, for every command and every option, and nothing else?
#include <functional>
#include <map>
#include <set>
#include <sstream>

#include "app/config.hpp"
#include "support/catch.hpp"
#include "support/places.hpp"
#include "support/run.hpp"
#include "support/skipped.hpp"

namespace jeton::outside {
namespace {

using Words = std::set<std::string>;

/// What may follow a command.
struct Offer {
  Words commands;
  Words options;  ///< long names
};
using Offers = std::map<std::string, Offer>;  ///< by path: "jeton log show"

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// Every "--word" of a text.
Words long_options_in(const std::string& text) {
  constexpr const char* letters = "abcdefghijklmnopqrstuvwxyz0123456789-";
  Words found;
  for (auto at = text.find("--"); at != text.npos; at = text.find("--", at)) {
    const auto end = std::min(text.find_first_not_of(letters, at), text.size());
    if (end > at + 2) found.insert(text.substr(at, end - at));
    at = end;
  }
  return found;
}

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream in(text);
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

std::string printed(const std::string& name, const std::vector<std::string>& arguments, const std::string& in = "") {
  std::vector<std::string> command{program(name)};
  command.insert(command.end(), arguments.begin(), arguments.end());
  const auto ran = run({.command = command, .input = in});
  INFO(name << ": " << ran.err);
  REQUIRE(ran.status == 0);
  return ran.out;
}

void ask(const std::string& path, Offers& offers) {
  auto words = words_of(path);
  const auto name = words.front();
  words.erase(words.begin());
  words.push_back("--help");
  auto& offer = offers[path];
  std::string part;
  for (const auto& line : lines_of(printed(name, words))) {
    if (!line.starts_with(' ')) part = line;
    const auto first = words_of(line);
    if (first.empty() || !line.starts_with("  ") || line.starts_with("   ")) continue;
    if (part == "Options:") offer.options.merge(long_options_in(first.front()));
    if (part == "Subcommands:") offer.commands.insert(first.front());
  }
  REQUIRE(offer.options.count("--help") == 1);
  const auto commands = offer.commands;
  for (const auto& command : commands) ask(path + " " + command, offers);
}

/// What --help offers, all the way down.
const Offers& helped(const std::string& name) {
  static std::map<std::string, Offers> known;
  if (known.count(name) == 0) ask(name, known[name]);
  return known[name];
}

std::string page(const std::string& file) {
  return printed("jeton", {"manual"}, read_file(std::string(testing::source_dir) + "/docs/man/" + file));
}

/// The options that a page lists, below the heading of each part.
std::map<std::string, Words> listed(const std::string& text) {
  std::map<std::string, Words> options;
  std::string heading;
  for (const auto& line : lines_of(text)) {
    if (line.starts_with(".Ss \"")) heading = line.substr(5, line.size() - 6);
    if (line.starts_with(".Sh ")) heading = line.substr(4);
    if (heading.empty()) continue;
    auto& here = options[heading];
    if (!line.starts_with(".It Fl")) continue;
    for (const auto& word : words_of(line))
      if (word.starts_with("-") && word.size() > 2) here.insert("-" + word);
  }
  return options;
}

/// What a shell that loaded the script offers behind each path, asked for commands (`mark` "") or options ("--").
std::string bash_script_asking(const Offers& offers, const std::string& script, const std::string& name) {
  std::string text = "source " + script + "\n";
  for (const auto& [path, offer] : offers)
    for (const char* mark : {"", "--"})
      text += "COMP_WORDS=(" + path + " '" + mark + "'); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _" + name +
              "; echo \"" + path + "|" + mark + "|${COMPREPLY[*]}\"\n";
  return text;
}

std::string fish_script_asking(const Offers& offers, const std::string& script) {
  std::string text = "source " + script + "\n";
  for (const auto& [path, offer] : offers)
    for (const std::string mark : {"", "--"})
      text += "set got (complete -C '" + path + " " + mark + "' | string replace -r '\\t.*' ''); echo \"" + path + "|" +
              mark + "|$got\"\n";
  return text;
}

void check_answers(const Offers& offers, const std::string& out) {
  std::size_t answers = 0;
  for (const auto& line : lines_of(out)) {
    const auto bar = line.find('|'), second = line.find('|', bar + 1);
    REQUIRE(second != line.npos);
    const auto& offer = offers.at(line.substr(0, bar));
    const bool options = line.substr(bar + 1, second - bar - 1) == "--";
    Words said;
    for (const auto& word : words_of(line.substr(second + 1)))
      if (word.starts_with("--") == options && !word.starts_with("-h")) said.insert(word);
    INFO(line);
    // Behind a command that takes a file its directory's files are offered too.
    if (options)
      CHECK(said == offer.options);
    else if (!offer.commands.empty())
      CHECK(said == offer.commands);
    ++answers;
  }
  CHECK(answers == 2 * offers.size());
}

/// The command that a line of prose shows, by its first word and by its first two; empty for a line that shows none.
std::vector<std::string> command_in(const std::string& line) {
  for (const std::string before : {".Ql ", "$(", "| ", ""}) {
    const auto at = line.find(before + "jeton ");
    if (at == line.npos || (before.empty() && at != 0)) continue;
    const auto words = words_of(line.substr(at + before.size()));
    const auto one = "jeton " + words.at(1);
    return {one, one + " " + (words.size() > 2 ? words[2] : "")};
  }
  return {};
}

bool installed(const std::string& shell) {
  return run({.command = {"/bin/sh", "-c", "command -v " + shell}}).status == 0;
}

}  // namespace

TEST_CASE("the manual page of jeton has every command and every option that help has and no other") {
  const auto parts = listed(page("jeton.1"));
  const auto& common = parts.at("OPTIONS OF EVERY COMMAND");
  CHECK(common == Words{"--help", "--json", "--socket", "--state"});
  std::size_t commands = 0;
  for (const auto& [heading, own] : parts) commands += heading.starts_with("jeton ") ? 1 : 0;
  CHECK(commands == helped("jeton").size() - 1);  // the program alone is the page
  for (const auto& [path, offer] : helped("jeton")) {
    if (path == "jeton") continue;
    INFO(path);
    REQUIRE(parts.count(path) == 1);
    if (!offer.commands.empty()) continue;
    auto all = parts.at(path);
    all.insert(common.begin(), common.end());
    CHECK(all == offer.options);
  }
}

TEST_CASE("the manual page of jetond has every option that help has and no other") {
  CHECK(listed(page("jetond.8")).at("OPTIONS") == helped("jetond").at("jetond").options);
}

TEST_CASE("the manual page of the configuration has every key once and no other") {
  std::multiset<std::string> expected, found;
  for (const auto& key : config_keys()) expected.emplace(key.key);
  const auto text = page("jeton.toml.5");
  for (const auto& line : lines_of(text.substr(text.find(".Sh KEYS"))))
    if (line.starts_with(".It Ic \"")) found.insert(line.substr(8, line.size() - 9));
  CHECK(found == expected);
}

TEST_CASE("the prose of the manual pages names no command and no option that help has not") {
  Words options;
  for (const char* name : {"jeton", "jetond"})
    for (const auto& [path, offer] : helped(name)) options.insert(offer.options.begin(), offer.options.end());
  std::size_t commands = 0;
  for (const char* file : {"jeton.1", "jetond.8", "jeton.toml.5"})
    for (const auto& line : lines_of(read_file(std::string(testing::source_dir) + "/docs/man/" + file))) {
      INFO(file << ": " << line);
      const auto words = words_of(line);
      for (std::size_t i = 0; i + 1 < words.size(); ++i)
        if (words[i] == "Fl" || words[i] == ".Fl") CHECK(options.count("-" + words[i + 1]) == 1);
      for (const auto& option : long_options_in(line.starts_with('.') ? "" : line)) CHECK(options.count(option) == 1);
      const auto named = command_in(line);
      if (named.empty()) continue;
      ++commands;
      REQUIRE(helped("jeton").count(named.front()) == 1);
      CHECK((helped("jeton").at(named.front()).commands.empty() || helped("jeton").count(named.back()) == 1));
    }
  CHECK(commands >= 5);
}

TEST_CASE("the manual pages are mdoc without a warning") {
  if (!installed("groff")) return skipped("no groff here");
  for (const char* file : {"jeton.1", "jetond.8", "jeton.toml.5"}) {
    const auto ran = run({.command = {"groff", "-mdoc", "-ww", "-Tutf8", "-z"}, .input = page(file)});
    INFO(file);
    CHECK(ran.status == 0);
    CHECK(ran.err == "");
  }
}

TEST_CASE("a manual page that asks for a part nobody knows is refused") {
  const auto ran = run({.command = {program("jeton"), "manual"}, .input = ".Sh X\n.\\\" @nothing@\n"});
  CHECK(ran.status == 2);
  CHECK_THAT(ran.err, Catch::Contains("@nothing@"));
}

TEST_CASE("bash completes every command and every option that help has and no other") {
  const TempDir directory;
  const auto script = directory.path() / "script";
  for (const char* name : {"jeton", "jetond"}) {
    write_file(script, printed("jeton", {"completions", "bash", name}));
    const auto ran = run({.command = {"bash", "--norc", "-c", bash_script_asking(helped(name), script, name)}});
    CHECK(ran.err == "");
    check_answers(helped(name), ran.out);
  }
}

TEST_CASE("bash completes what an option takes and knows where a value only looks like a command") {
  const TempDir directory;
  write_file(directory.path() / "script", printed("jeton", {"completions", "bash"}));
  write_file(directory.path() / "a file", "");
  const auto completed = [&](const std::string& words) {
    return run({.command = {"bash", "--norc", "-c",
                            "cd " + directory.path().string() + "; source ./script; COMP_WORDS=(" + words +
                                "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _jeton; printf '<%s>' \"${COMPREPLY[@]}\""}})
        .out;
  };
  CHECK(completed("jeton log verify --proof a") == "<a file>");
  CHECK(completed("jeton mint --tool ''") == "<>");
  CHECK(completed("jeton log show log --j") == "<--json>");
  CHECK(completed("jeton nonsense l") == "<log>");
}

TEST_CASE("fish completes every command and every option that help has and no other") {
  if (!installed("fish")) return skipped("no fish here");
  const TempDir directory;
  const auto script = directory.path() / "script";
  const Environment home{{"HOME", directory.path()}, {"XDG_CONFIG_HOME", directory.path()}};
  for (const char* name : {"jeton", "jetond"}) {
    write_file(script, printed("jeton", {"completions", "fish", name}));
    const auto ran =
        run({.command = {"fish", "--no-config", "-c", fish_script_asking(helped(name), script)}, .env = home});
    CHECK(ran.err == "");
    check_answers(helped(name), ran.out);
  }
}

TEST_CASE("the scripts for zsh and fish have every command and every option that help has and no other") {
  for (const std::string name : {"jeton", "jetond"})
    for (const std::string shell : {"zsh", "fish"}) {
      const auto script = printed("jeton", {"completions", shell, name});
      for (const auto& [path, offer] : helped(name)) {
        INFO(shell << ": " << path);
        std::string part;
        for (const auto& line : lines_of(script))
          if (line.find("__" + name + "_at \"" + path + "\"") != line.npos)
            part += line.substr(0, line.find(" -d ")) + "\n";
        Words options;
        if (shell == "fish") {
          const auto words = words_of(part);
          for (std::size_t i = 0; i + 1 < words.size(); ++i)
            if (words[i] == "-l") options.insert("--" + words[i + 1]);
        } else {
          const auto begin = script.find("\n    '" + path + "')\n");
          REQUIRE(begin != script.npos);
          part = script.substr(begin, script.find(";;", begin) - begin);
          for (auto at = part.find("--"); at != part.npos; at = part.find("--", at + 2))
            if (const auto end = part.find_first_of("[ '", at); part[end] == '[')
              options.insert(part.substr(at, end - at));
        }
        CHECK(options == offer.options);
        for (const auto& command : offer.commands)
          CHECK(part.find(shell == "fish" ? " -a " + command + "\n" : "'" + command + ":") != part.npos);
      }
    }
}

TEST_CASE("zsh reads its script") {
  if (!installed("zsh")) return skipped("no zsh here");
  const TempDir directory;
  for (const char* name : {"jeton", "jetond"}) {
    write_file(directory.path() / "script", printed("jeton", {"completions", "zsh", name}));
    const auto ran = run({.command = {"zsh", "-f", "-n", directory.path() / "script"}});
    CHECK(ran.status == 0);
    CHECK(ran.err == "");
  }
}

}  // namespace jeton::outside
