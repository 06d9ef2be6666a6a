// The fuzz targets without a fuzzer: what was ever interesting, the seeds, and some thousand changed seeds, the same in
// every run.
#include <random>
#include <set>

#include "fuzz/targets.hpp"
#include "jeton/hash.hpp"
#include "support/catch.hpp"
#include "support/places.hpp"
#include "support/temp_dir.hpp"

namespace jeton::fuzz {
namespace {

/// What is wrong with this input; empty when nothing is.
std::string complaint(const Target& target, const std::string& input) {
  try {
    target.run(as_bytes(input));
    return "";
  } catch (const std::exception& error) {
    return std::string(target.name) + ": " + error.what();
  }
}

/// Enough of an input to make a corpus file of it.
std::string in_hex(const std::string& input) { return hex(as_bytes(input.substr(0, 4096))); }

class Mutator {
 public:
  explicit Mutator(std::vector<std::string> seeds) : seeds_(std::move(seeds)) {}

  std::string next() {
    auto text = seeds_[below(seeds_.size())];
    for (std::size_t changes = 1 + below(4); changes > 0; --changes) change(text);
    return text;
  }

 private:
  // Not a distribution of the library: those may differ from one to the next.
  std::size_t below(std::size_t end) { return end == 0 ? 0 : random_() % end; }

  void change(std::string& text) {
    static const std::vector<std::string> tokens{"{",
                                                 "}",
                                                 "[",
                                                 "]",
                                                 "\"",
                                                 "\\",
                                                 ",",
                                                 ":",
                                                 ".",
                                                 "\n",
                                                 "\n\n",
                                                 "null",
                                                 "-",
                                                 "1e999",
                                                 "9007199254740993",
                                                 "\\ud800",
                                                 "\xff",
                                                 "\xc3\x28",
                                                 std::string(1, '\0'),
                                                 "%",
                                                 "=",
                                                 "#"};
    const auto at = below(text.size() + 1), length = below(std::min<std::size_t>(text.size() - at, 64) + 1);
    switch (below(6)) {
      case 0:
        if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
        return;
      case 1:
        if (at < text.size()) text[at] = static_cast<char>(below(256));
        return;
      case 2: text.erase(at, length); return;
      case 3: text.insert(at, text.substr(at, length)); return;
      case 4: text.insert(at, tokens[below(tokens.size())]); return;
      default: {
        const auto& other = seeds_[below(seeds_.size())];
        text = text.substr(0, at) + other.substr(std::min(at, other.size()));
      }
    }
  }

  std::vector<std::string> seeds_;
  std::mt19937 random_{20'260'101};
};

std::filesystem::path corpus() { return std::filesystem::path(jeton::testing::source_dir) / "tests/fuzz/corpus"; }

}  // namespace

TEST_CASE("every fuzz input that was ever interesting is handled", "[fuzz]") {
  for (const auto& target : targets()) {
    std::error_code none;
    for (const auto& file : std::filesystem::directory_iterator(corpus() / target.name, none)) {
      INFO(file.path());
      CHECK(complaint(target, testing::bytes_of(file.path())) == "");
    }
  }
}

TEST_CASE("every folder of fuzz inputs belongs to a target", "[fuzz]") {
  std::set<std::string> names;
  for (const auto& target : targets()) names.emplace(target.name);
  for (const auto& folder : std::filesystem::directory_iterator(corpus())) {
    INFO(folder.path());
    CHECK(names.count(folder.path().filename().string()) == 1);
  }
}

TEST_CASE("every seed of a fuzz target is handled", "[fuzz]") {
  for (const auto& target : targets()) {
    const auto seeds = target.seeds();
    CHECK(!seeds.empty());
    for (const auto& seed : seeds) {
      INFO(in_hex(seed));
      CHECK(complaint(target, seed) == "");
    }
  }
}

TEST_CASE("every fuzz target handles the same thousands of changed seeds", "[fuzz]") {
  for (const auto& target : targets()) {
    Mutator mutator(target.seeds());
    for (int i = 0; i < target.mutations; ++i) {
      const auto input = mutator.next();
      const auto wrong = complaint(target, input);
      if (wrong.empty()) continue;
      INFO("as a file of tests/fuzz/corpus/" << target.name << ": " << in_hex(input));
      CHECK(wrong == "");
    }
  }
}

TEST_CASE("an input that breaks a property is told", "[fuzz]") {
  const Target broken{"broken", [](Bytes input) { hold(input.empty(), "nothing comes in"); }, nullptr, 0};
  CHECK(complaint(broken, "").empty());
  CHECK(complaint(broken, "x") == "broken: nothing comes in");
}

}  // namespace jeton::fuzz
