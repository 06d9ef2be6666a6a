// Is every claim of the documents broken on purpose somewhere, and does every break still fit the code and its tests?
#include <algorithm>
#include <map>

#include "support/catch.hpp"
#include "support/run.hpp"
#include "unit/docs/doc_text.hpp"

namespace jeton::test {
namespace {

namespace fs = std::filesystem;

/// What stands above the diff of a break.
struct Break {
  std::string sentence;
  std::string claim;
  std::vector<std::string> reds;
  std::vector<std::string> strange;  ///< lines of another kind
  std::vector<std::string> files;    ///< that it changes
};

Break break_in(const std::string& text) {
  Break found;
  bool in_diff = false;
  for (const auto& line : lines_of(text)) {
    in_diff = in_diff || line.starts_with("diff --git ");
    const auto red = between(line, "red: \"", "\"");
    if (in_diff) {
      if (line.starts_with("+++ b/")) found.files.push_back(line.substr(6));
    } else if (found.sentence.empty())
      found.sentence = line;
    else if (line.starts_with("claim: "))
      found.claim = line.substr(7);
    else if (line.starts_with("red: ") && red.size() == 1)
      found.reds.push_back(red.front());
    else if (!line.empty() && line != "a hang is red")
      found.strange.push_back(line);
  }
  return found;
}

std::map<std::string, Break> breaks() {
  std::map<std::string, Break> found;
  for (const auto& entry : fs::directory_iterator(in_tree("tests/broken")))
    if (entry.path().extension() == ".patch") found[entry.path().string()] = break_in(text_of(entry.path()));
  return found;
}

/// Tests without a break, each with its reason.
std::map<std::string, std::string> excused(const std::string& text) {
  std::map<std::string, std::string> found;
  for (const auto& line : lines_of(text)) {
    if (line.starts_with('#')) continue;
    const auto end = line.find("\" | ");
    if (!line.starts_with('"') || end == line.npos)
      found[line] = "";
    else
      found[line.substr(1, end - 1)] = line.substr(end + 4);
  }
  return found;
}

std::set<std::string> claimed() {
  std::set<std::string> names;
  for (const char* document : {"README.md", "docs/threat-model.md"})
    for (const auto& line : lines_of(text_of(in_tree(document))))
      for (auto& name : tests_named_in(line)) names.insert(std::move(name));
  return names;
}

std::set<std::string> broken() {
  std::set<std::string> names;
  for (const auto& [file, one] : breaks()) names.insert(one.reds.begin(), one.reds.end());
  return names;
}

}  // namespace

TEST_CASE("every test the documents name is turned red by a break or excused with a reason") {
  const auto red = broken();
  const auto none = excused(text_of(in_tree("tests/broken/NONE")));
  for (const auto& name : claimed()) {
    INFO(name);
    CHECK((red.count(name) == 1) != (none.count(name) == 1));
  }
  for (const auto& [name, reason] : none) {
    INFO(name);
    CHECK(claimed().count(name) == 1);
    CHECK(reason.size() > 10);
  }
}

TEST_CASE("every break says what it breaks and whose claim that is and which tests have to fail") {
  const auto known = all_tests();
  const auto threat_model = text_of(in_tree("docs/threat-model.md"));
  CHECK(breaks().size() >= 90);
  for (const auto& [file, one] : breaks()) {
    INFO(file);
    CHECK(one.sentence.ends_with('.'));
    CHECK(one.strange == std::vector<std::string>{});
    CHECK_FALSE(one.reds.empty());
    for (const auto& name : one.reds) {
      INFO(name);
      CHECK(known.count(name) == 1);
      CHECK(claimed().count(name) == 1);
    }
    for (const auto& path : one.files) CHECK((path.starts_with("sdk/") || path.starts_with("sidecar/")));
    std::istringstream claims(one.claim);
    for (std::string claim; std::getline(claims >> std::ws, claim, ',');) {
      INFO(claim);
      const bool limit = claim.starts_with("limit ");
      const auto opening = limit ? "\n" + claim.substr(6) + ". **" : "\n| " + claim + " |";
      CHECK(threat_model.find(opening) != threat_model.npos);
    }
    CHECK_FALSE(one.claim.empty());
  }
}

TEST_CASE("every break still applies to the code") {
  const outside::Environment alone{
      {"GIT_CEILING_DIRECTORIES", in_tree("..").lexically_normal().parent_path().string()}};
  const auto git = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"git", "-C", in_tree("").parent_path().string()});
    return outside::run({.command = std::move(words), .env = alone});
  };
  if (!fs::exists(in_tree(".git")) || git({"status", "--short", "tests/broken"}).status != 0) {
    WARN("skipped: no git repository here, so whether the breaks still apply is not known");
    return;
  }
  for (const auto& [file, one] : breaks()) {
    const auto checked = git({"apply", "--check", file});
    INFO(file << "\n" << checked.err);
    CHECK(checked.status == 0);
  }
}

TEST_CASE("a break without a test and an excuse without a reason are found") {
  CHECK(break_in("All is lost.\nclaim: P1\n\ndiff --git a/x b/x\n+++ b/x\nred: \"y\"\n").reds.empty());
  CHECK(break_in("All is lost.\nred: y\n").strange == std::vector<std::string>{"red: y"});
  CHECK(excused("\"a test\"\n").begin()->second.empty());
  CHECK(excused("# why\n\"a test\" | because\n") == std::map<std::string, std::string>{{"a test", "because"}});
}

}  // namespace jeton::test
