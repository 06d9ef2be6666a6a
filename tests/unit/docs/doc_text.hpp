// What the tests of the documentation share: files of the tree as text, and the claims that stand in one.
#pragma once

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "support/places.hpp"

namespace jeton::test {

inline std::filesystem::path in_tree(std::string_view path) {
  return std::filesystem::path(jeton::testing::source_dir) / path;
}

inline std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error(file.string() + " cannot be read");
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// Everything between `open` and `close` in a text, in order.
inline std::vector<std::string> between(std::string_view text, std::string_view open, std::string_view close) {
  std::vector<std::string> found;
  for (auto at = text.find(open); at != text.npos; at = text.find(open, at)) {
    at += open.size();
    const auto end = text.find(close, at);
    if (end == text.npos) break;
    found.emplace_back(text.substr(at, end - at));
    at = end + close.size();
  }
  return found;
}

/// The tests a line of a document names: test: "a sentence".
inline std::vector<std::string> tests_named_in(std::string_view line) { return between(line, "test: \"", "\""); }

/// The names of the tests a file has: Catch2's cases, what CMake adds by itself, and those of Python and Node.
inline std::set<std::string> tests_in(const std::filesystem::path& file) {
  std::set<std::string> names;
  const auto text = text_of(file);
  const auto take = [&](std::string_view opening, std::string_view closing, const std::string& before = "") {
    for (const auto& name : between(text, opening, closing)) names.insert(before + name);
  };
  if (file.extension() == ".py") {
    take("def test_", "(", "test_");
  } else if (file.extension() == ".mjs") {
    take("test('", "'");
    take("test(`", "`");
  } else {
    for (const char* opening : {"TEST_CASE(\"", "TEST_CASE(\n    \"", "add_test(NAME \""}) take(opening, "\"");
  }
  return names;
}

/// Every test there is.
inline std::set<std::string> all_tests() {
  auto names = tests_in(in_tree("tests/CMakeLists.txt"));
  for (const char* folder : {"tests", "bindings/python/tests"})
    for (const auto& entry : std::filesystem::recursive_directory_iterator(in_tree(folder)))
      for (const char* kind : {".cpp", ".py", ".mjs"})
        if (entry.path().extension() == kind) names.merge(tests_in(entry.path()));
  return names;
}

}  // namespace jeton::test
