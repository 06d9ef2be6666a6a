// docs/review.md, typed as it is printed: every step must answer in the shape the document shows.
#include <cstdlib>
#include <regex>

#include "cli/transcript.hpp"
#include "support/catch.hpp"
#include "support/daemon.hpp"
#include "support/places.hpp"

namespace jeton::outside {
namespace {

struct Command {
  std::string words;
  std::vector<std::string> answer;
};

/// The commands of the blocks marked `console`, each with the lines below it.
std::vector<Command> commands_of(const std::string& document) {
  std::vector<Command> all;
  bool inside = false;
  std::istringstream lines(document);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) {
      inside = line == "```console";
    } else if (inside && line.starts_with("$ ")) {
      all.push_back({line.substr(2), {}});
    } else if (inside && line.starts_with("> ")) {
      all.back().words += "\n" + line.substr(2);
    } else if (inside && !line.empty()) {
      all.back().answer.push_back(line);
    }
  }
  return all;
}

/// What may differ between two runs, replaced by its kind. Ids are kept: the caller pairs them.
std::string shape_of(std::string line) {
  static const std::vector<std::pair<std::regex, std::string>> kinds{
      {std::regex(R"x([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})x"), "UUID"},
      {std::regex(R"x(\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ)x"), "TIME"},
      {std::regex(R"x(\d\d:\d\d:\d\d(\.\d+)?Z?)x"), "CLOCK"},
      {std::regex(R"x([+-]?\d+(\.\d+)? ms)x"), "SPAN"},
      {std::regex(R"x(\d+(\.\d+)? (s|min|hours) later)x"), "SPAN later"},
      {std::regex(R"x((uid|pid|at|gid) \d+)x"), "$1 N"},
      {std::regex(R"x("(uid|pid|gid|time_us|expires_at)":\s?\d+)x"), "\"$1\":N"},
      {std::regex(R"x(\b[0-9a-f]{64}\b)x"), "HASH"},
      {std::regex(R"x((/[\w.+-]+)+/jeton\b)x"), "PROGRAM"},
      {std::regex(R"x("socket": "[^"]*")x"), "\"socket\": PLACE"},
      {std::regex(R"x(\d+ checkpoints)x"), "N checkpoints"},
      {std::regex(R"x(\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+)x"), "KEY"},
      {std::regex(R"x(log show -- )x"), "log show "},  // before an id that begins with a dash
      {std::regex(R"x( +)x"), " "},
      {std::regex(R"x( $)x"), ""},
  };
  for (const auto& [pattern, kind] : kinds) line = std::regex_replace(line, pattern, kind);
  return line;
}

/// Ids of the document and the ones of this run that stand in their places.
class Pairs {
 public:
  [[nodiscard]] std::string translated(std::string text) const {
    for (const auto& [shown, real] : ids_)
      for (auto at = text.find(shown); at != text.npos; at = text.find(shown, at + real.size()))
        text.replace(at, shown.size(), real);
    return text;
  }
  /// Learns what stands for what where the lines are alike but for their ids.
  bool alike(const std::string& shown_line, const std::string& real_line) {
    const auto shown = shape_of(shown_line), real = shape_of(real_line);
    static const std::regex id(R"x((^|[^\w-])([\w-]{22})(?![\w-]))x");
    std::sregex_iterator a(shown.begin(), shown.end(), id), b(real.begin(), real.end(), id);
    const std::sregex_iterator end;
    for (; a != end && b != end; ++a, ++b) {
      const auto [known, is_new] = ids_.emplace(a->str(2), b->str(2));
      if (!is_new && known->second != b->str(2)) return false;
    }
    return a == end && b == end && std::regex_replace(shown, id, "$1ID") == std::regex_replace(real, id, "$1ID");
  }

 private:
  std::map<std::string, std::string> ids_;
};

/// A state directory in memory where there is one: a disk that hangs would be told in the middle of the walk.
class Home {
 public:
  Home() {
    std::string name = "/dev/shm/jeton-review-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) return;
    in_memory_ = name;
  }
  ~Home() {
    std::error_code ignored;
    if (!in_memory_.empty()) std::filesystem::remove_all(in_memory_, ignored);
  }
  Home(const Home&) = delete;
  Home& operator=(const Home&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return in_memory_.empty() ? on_disk_.path() : in_memory_; }

 private:
  TempDir on_disk_;
  std::filesystem::path in_memory_;
};

bool is_settled(const std::string& output) {
  static const std::regex all_signed(R"x(events (\d+), \1 of them)x");
  return output.find("not signed for") == output.npos &&
         (output.find("of them signed for") == output.npos || std::regex_search(output, all_signed));
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    if (!line.empty()) lines.push_back(line);
  return lines;
}

}  // namespace

TEST_CASE("every step of the reviewer's walk does what the document shows") {
  const Home home;
  const auto state = home.path() / "jeton";
  std::filesystem::create_directory(state);
  std::filesystem::permissions(state, std::filesystem::perms::owner_all);
  const Daemon daemon({.state = state});
  const char* path = std::getenv("PATH");
  const Environment env{
      {"PATH", std::filesystem::path(program("jeton")).parent_path().string() + ":" + (path == nullptr ? "" : path)},
      {"JETON_SOCKET", daemon.socket()},
      {"XDG_STATE_HOME", home.path()},
      {"HOME", daemon.home()}};
  const auto commands = commands_of(read_file(std::string(testing::source_dir) + "/docs/review.md"));
  REQUIRE(commands.size() >= 12);
  Pairs pairs;
  for (const auto& command : commands) {
    const auto words = pairs.translated(command.words);
    const auto ask = [&] {
      return run({.command = {"/bin/sh", "-c", "cd \"$HOME\"; exec 2>&1; " + words}, .env = env});
    };
    auto ran = ask();
    // The newest events are signed for within a second.
    if (words.find("log proof") != words.npos || words.find("log verify") != words.npos)
      (void)eventually([&] { return is_settled((ran = ask()).out); });
    INFO("$ " << words << "\n" << ran.out);
    const auto lines = lines_of(ran.out);
    std::size_t at = 0;
    for (std::size_t i = 0; i < command.answer.size(); ++i) {
      INFO("expected: " << command.answer[i] << "\n     got: " << (at < lines.size() ? lines[at] : "nothing"));
      if (command.answer[i] == "...") {
        at = lines.size() - (command.answer.size() - i - 1);
        continue;
      }
      REQUIRE(at < lines.size());
      CHECK(pairs.alike(command.answer[i], lines[at++]));
    }
    CHECK(at == lines.size());
  }
}

}  // namespace jeton::outside
