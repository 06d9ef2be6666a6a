// Does the list of what OAuth asks for name a test for each row, and is every test of a standard in the list?
#include "support/catch.hpp"
#include "unit/docs/doc_text.hpp"

namespace jeton::test {
namespace {

/// "rfc6749_5_2_…" of C++, "test_rfc6750_3_…" of Python.
bool is_of_a_standard(std::string_view name) {
  if (name.starts_with("test_")) name.remove_prefix(5);
  return name.starts_with("rfc") && name.size() > 8 && name.find_first_not_of("0123456789", 3) == 7 && name[7] == '_';
}

}  // namespace

TEST_CASE("every must of the standards names a test and every test of a standard is in the list") {
  const auto known = all_tests();
  std::set<std::string> listed, standards;
  bool kept = true;
  std::size_t rows = 0;
  for (const auto& line : lines_of(text_of(in_tree("docs/oauth-musts.md")))) {
    INFO(line);
    if (line.starts_with("## ")) kept = line != "## Not kept";
    if (line.starts_with("## RFC "))
      for (const auto* name :
           {"6749", "6750", "7009", "7523", "7638", "7662", "8414", "8693", "8707", "8725", "9068", "9396"})
        if (line.find(name) != line.npos) standards.insert(name);
    if (!line.starts_with("| ") || line.starts_with("| section ") || !kept) continue;
    ++rows;
    const auto names = tests_named_in(line);
    CHECK_FALSE(names.empty());
    for (const auto& name : names) {
      CHECK(known.count(name) == 1);
      listed.insert(name);
    }
  }
  CHECK(standards.size() == 12);
  CHECK(rows > 60);
  std::size_t named = 0;
  for (const auto& name : known) {
    if (!is_of_a_standard(name)) continue;
    INFO(name);
    ++named;
    CHECK(listed.count(name) == 1);
  }
  CHECK(named > 40);
}

TEST_CASE("a test of a standard is known by its name") {
  CHECK(is_of_a_standard("rfc6749_5_2_x"));
  CHECK(is_of_a_standard("test_rfc6750_3_x"));
  for (const auto* name : {"rfc_x", "rfc674_5_2_x", "rfc67490_x", "an rfc6749_x", "rfc6749"})
    CHECK_FALSE(is_of_a_standard(name));
}

}  // namespace jeton::test
