// Does the README show the code that is compiled, and the commands that exist?
#include "support/catch.hpp"
#include "unit/docs/doc_text.hpp"

namespace jeton::test {
namespace {

/// What stands between the two markers, whole lines.
std::string snippet_of(const std::string& source) {
  const auto parts = between(source, "  // [snippet]\n", "  // [/snippet]\n");
  return parts.size() == 1 ? parts.front() : "";
}

}  // namespace

TEST_CASE("the snippet of the readme is the region of the example byte for byte") {
  const auto shown = between(text_of(in_tree("README.md")), "```cpp\n", "```\n");
  REQUIRE(shown.size() == 1);
  const auto compiled = snippet_of(text_of(in_tree("examples/hello.cpp")));
  CHECK_FALSE(compiled.empty());
  CHECK(shown.front() == compiled);
}

TEST_CASE("a source without the two markers has no snippet") {
  CHECK(snippet_of("int main() {}\n").empty());
  CHECK(snippet_of("  // [snippet]\n  run();\n").empty());
  CHECK(snippet_of("  // [snippet]\n  run();\n  // [/snippet]\n") == "  run();\n");
}

TEST_CASE("the readme names both commands and both exist") {
  const auto readme = text_of(in_tree("README.md"));
  const auto dev = text_of(in_tree("dev"));
  for (const char* command : {"demo", "test"}) {
    INFO(command);
    CHECK(readme.find(std::string("\n./dev ") + command) != readme.npos);
    CHECK(dev.find(std::string("\n  ") + command + ") ") != dev.npos);
  }
}

TEST_CASE("the readme installs by hand what dev installs") {
  const auto readme = text_of(in_tree("README.md"));
  const auto lists = between(text_of(in_tree("dev")), "packages_build=(", ")");
  REQUIRE(lists.size() == 1);
  std::istringstream packages(lists.front());
  for (std::string package; packages >> package;) {
    INFO(package);
    CHECK(readme.find(" " + package) != readme.npos);
  }
}

TEST_CASE("the readme can be read in a sitting") {
  const auto lines = lines_of(text_of(in_tree("README.md")));
  CHECK(lines.size() <= 160);
}

}  // namespace jeton::test
