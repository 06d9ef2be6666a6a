// Does every claim of the documents name a test that exists, in the file it says, and lead to files that exist?
#include <map>

#include "support/catch.hpp"
#include "unit/docs/doc_text.hpp"

namespace jeton::test {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> documents() {
  std::vector<fs::path> found{in_tree("README.md"), in_tree("CHANGELOG.md")};
  for (const auto& entry : fs::recursive_directory_iterator(in_tree("docs")))
    if (entry.path().extension() == ".md") found.push_back(entry.path());
  return found;
}

/// The claims of a line that are not kept: a test nobody wrote, or one that is not in the file named right behind it.
std::vector<std::string> broken_claims(const std::string& line, const std::set<std::string>& known) {
  std::vector<std::string> broken;
  for (auto at = line.find("test: \""); at != line.npos; at = line.find("test: \"", at + 1)) {
    const auto rest = line.substr(at);
    const auto names = tests_named_in(rest);
    if (names.empty()) {
      broken.push_back(rest);
      continue;
    }
    const auto& name = names.front();
    if (known.count(name) == 0) broken.push_back(name);
    const auto behind = rest.substr(rest.find('"', rest.find('"') + 1) + 1);
    if (!behind.starts_with(" `tests/")) continue;
    const auto file = in_tree(between(behind, "`", "`").front());
    if (!fs::exists(file) || tests_in(file).count(name) == 0) broken.push_back(name + " in " + file.string());
  }
  return broken;
}

/// A path of the tree as the documents write it, in backticks; empty for other words in backticks.
std::string path_in(const std::string& word) {
  if (word.find_first_of(" *{<$") != word.npos) return "";
  for (const char* top : {"sdk/", "sidecar/", "examples/", "tests/", "docs/"})
    if (word.starts_with(top)) return word;
  return "";
}

}  // namespace

TEST_CASE("every test the documents name exists where they say") {
  const auto known = all_tests();
  const std::map<std::string, std::size_t> least{
      {"README.md", 10}, {"docs/threat-model.md", 10}, {"docs/controls.md", 50}, {"docs/protocol.md", 2}};
  for (const auto& [name, claims_least] : least) {
    INFO(name);
    std::size_t claims = 0;
    for (const auto& line : lines_of(text_of(in_tree(name)))) {
      CHECK(broken_claims(line, known) == std::vector<std::string>{});
      claims += tests_named_in(line).size();
    }
    CHECK(claims >= claims_least);
  }
  for (const auto& document : documents())
    for (const auto& line : lines_of(text_of(document))) {
      INFO(document);
      CHECK(broken_claims(line, known) == std::vector<std::string>{});
    }
}

TEST_CASE("every numbered promise of the threat model names a test") {
  std::size_t promises = 0;
  for (const auto& line : lines_of(text_of(in_tree("docs/threat-model.md")))) {
    if (!line.starts_with("| P")) continue;
    INFO(line);
    ++promises;
    CHECK(line.starts_with("| P" + std::to_string(promises) + " |"));
    CHECK_FALSE(tests_named_in(line).empty());
  }
  CHECK(promises >= 20);
}

TEST_CASE("a claim whose test nobody wrote is found") {
  const std::set<std::string> known{"one"};
  CHECK(broken_claims("| test: \"one\" |", known).empty());
  CHECK(broken_claims("| test: \"one\"; test: \"two\" |", known) == std::vector<std::string>{"two"});
  CHECK(broken_claims("test: \"one\" `tests/CMakeLists.txt`", known).size() == 1);
  CHECK(broken_claims("test: \"one", known).size() == 1);
}

TEST_CASE("every link and path of the documents leads to a file") {
  for (const auto& document : documents()) {
    const auto text = text_of(document);
    for (const auto& link : between(text, "](", ")")) {
      INFO(document << " links " << link);
      const auto file = link.substr(0, link.find('#'));
      if (!file.empty() && link.find("://") == link.npos) CHECK(fs::exists(document.parent_path() / file));
    }
    for (const auto& line : lines_of(text))
      for (const auto& word : between(line, "`", "`")) {
        INFO(document << " names " << word);
        if (const auto path = path_in(word); !path.empty()) CHECK(fs::exists(in_tree(path)));
      }
  }
}

TEST_CASE("every rule the documents cite is in the protocol") {
  const auto protocol = text_of(in_tree("docs/protocol.md"));
  std::set<std::string> rules;
  for (auto& rule : between(protocol, "- **", ".**")) rules.insert(std::move(rule));
  CHECK(rules.size() > 80);
  const auto check = [&](const std::string& text) {
    for (auto at = text.find_first_of("TKAWDRVCLMGFX"); at != text.npos;
         at = text.find_first_of("TKAWDRVCLMGFX", at + 1)) {
      const auto end = text.find_first_not_of("0123456789", at + 1);
      const bool alone = at > 0 && (text[at - 1] == '(' || text[at - 1] == ' ') &&
                         (end == text.npos || std::string_view("),.;: \n").find(text[end]) != std::string_view::npos);
      if (alone && end != at + 1) {
        INFO(text.substr(at, end - at));
        CHECK(rules.count(text.substr(at, end - at)) == 1);
      }
    }
  };
  check(protocol);
  check(text_of(in_tree("docs/threat-model.md")));
}

}  // namespace jeton::test
