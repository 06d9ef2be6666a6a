// A precompiled header is in every file unasked: does each one still include what it names?
#include <map>
#include <set>

#include "architecture/source_tree.hpp"
#include "support/catch.hpp"

namespace jeton::test {
namespace {

/// What a file says, and the headers of which one is then to be included, by it or by a header of ours that it
/// includes.
struct Name {
  std::string word;
  std::set<std::string> headers;
};
const std::vector<Name> names{
    {"fmt::", {"fmt/core.h", "fmt/format.h", "fmt/ranges.h"}},
    {"Json", {"nlohmann/json.hpp"}},
    {"tl::", {"tl/expected.hpp"}},
    {"TEST_CASE(", {"catch2/catch.hpp"}},
    {"std::any_of(", {"algorithm"}},
    {"std::find_if(", {"algorithm"}},
    {"std::sort(", {"algorithm"}},
    {"std::array<", {"array"}},
    {"std::atomic", {"atomic"}},
    {"std::chrono", {"chrono"}},
    {"std::uint8_t", {"cstdint"}},
    {"std::int64_t", {"cstdint"}},
    {"std::filesystem", {"filesystem"}},
    {"std::ifstream", {"fstream"}},
    {"std::ofstream", {"fstream"}},
    {"std::function<", {"functional"}},
    {"std::map<", {"map"}},
    {"std::shared_ptr", {"memory"}},
    {"std::unique_ptr", {"memory"}},
    {"std::mutex", {"mutex"}},
    {"std::optional", {"optional"}},
    {"std::set<", {"set"}},
    {"std::span", {"span"}},
    {"std::logic_error", {"stdexcept"}},
    {"std::runtime_error", {"stdexcept"}},
    {"std::string_view", {"string_view"}},
    {"std::thread", {"thread"}},
    {"std::vector", {"vector"}},
};

/// Where the compiler looks for what stands in quotes, behind the folder of the file itself.
const std::vector<std::string> roots{"sdk/include/", "sdk/src/",  "sdk/",       "sidecar/",
                                     "tests/",       "examples/", "bindings/c/"};

using Tree = std::map<std::string, SourceFile>;

/// The headers of others that a file includes, itself or through ours.
void collect(const Tree& tree, const SourceFile& file, std::set<std::string>& visited, std::set<std::string>& headers) {
  if (!visited.insert(file.path).second) return;
  for (const auto& include : file.includes) {
    auto ours = tree.find(file.path.substr(0, file.path.rfind('/') + 1) + include);
    for (auto root = roots.begin(); ours == tree.end() && root != roots.end(); ++root)
      ours = tree.find(*root + include);
    if (ours == tree.end())
      headers.insert(include);
    else
      collect(tree, ours->second, visited, headers);
  }
}

std::vector<std::string> not_included(const std::vector<SourceFile>& files) {
  Tree tree;
  for (const auto& file : files) tree.emplace(file.path, file);
  std::vector<std::string> wrong;
  for (const auto& file : files) {
    std::set<std::string> visited, headers;
    collect(tree, file, visited, headers);
    for (const auto& name : names) {
      if (file.code.find(name.word) == std::string::npos) continue;
      const auto has = [&](const std::string& header) { return headers.count(header) != 0; };
      bool included = false;
      for (const auto& header : name.headers) included = included || has(header);
      if (!included) wrong.push_back(file.path + " names " + name.word);
    }
  }
  return wrong;
}

}  // namespace

TEST_CASE("what is precompiled is included by each file that names it", "[architecture]") {
  CHECK(not_included(source_files({"sdk", "sidecar", "bindings/c", "examples", "tests"})) ==
        std::vector<std::string>{});
}

TEST_CASE("the check of includes finds a name without its header and one that a header of ours brings",
          "[architecture]") {
  const auto lacks =
      source_of("sidecar/app/x.cpp", "// x\n#include \"app/x.hpp\"\nstd::vector<int> x; std::span<int> y;");
  const auto brings = source_of("sidecar/app/x.hpp", "// x\n#include <vector>\n");
  CHECK(not_included({lacks, brings}) == std::vector<std::string>{"sidecar/app/x.cpp names std::span"});
}

}  // namespace jeton::test
