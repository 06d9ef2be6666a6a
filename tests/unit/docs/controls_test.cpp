// Does every row of the controls say how strong it is, in the words of the page, and show what it calls proved?
#include "support/catch.hpp"
#include "unit/docs/doc_text.hpp"

namespace jeton::test {
namespace {

/// A row of a list's table: which control, what Jeton does, how strong that is, and the tests that show it.
struct Control {
  std::string name;
  std::string what;
  std::string strength;
  std::size_t tests = 0;
};

/// The rows below the headings that name a list; the page's own table of strengths is none of them.
std::vector<Control> controls_in(const std::string& text) {
  std::vector<Control> found;
  bool in_list = false;
  for (const auto& line : lines_of(text)) {
    in_list = in_list || line.starts_with("## ");
    if (!in_list || !line.starts_with("| ") || line.ends_with(" shown by |")) continue;
    std::vector<std::string> cells;
    for (std::size_t at = 2, end; (end = line.find(" |", at)) != line.npos; at = end + 3)
      cells.push_back(line.substr(at, end - at));
    cells.resize(4);
    found.push_back({cells[0], cells[1], cells[2], tests_named_in(line).size()});
  }
  return found;
}

std::vector<std::string> faults_of(const std::vector<Control>& controls) {
  const std::set<std::string> strengths{"proved by test", "by design", "partial", "not done"};
  std::vector<std::string> faults;
  std::set<std::string> names;
  for (const auto& control : controls) {
    if (strengths.count(control.strength) == 0) faults.push_back(control.name + ": no strength: " + control.strength);
    if (control.what.empty()) faults.push_back(control.name + ": says nothing");
    if (control.strength == "proved by test" && control.tests == 0) faults.push_back(control.name + ": no test");
    if (control.strength == "not done" && control.tests != 0) faults.push_back(control.name + ": a test of nothing");
    if (!names.insert(control.name).second) faults.push_back(control.name + ": twice");
  }
  return faults;
}

}  // namespace

TEST_CASE("every control says how strong it is and what is called proved names its test") {
  const auto controls = controls_in(text_of(in_tree("docs/controls.md")));
  CHECK(controls.size() > 90);
  CHECK(faults_of(controls) == std::vector<std::string>{});
}

TEST_CASE("every list is there with all of its entries") {
  std::set<std::string> names;
  for (const auto& control : controls_in(text_of(in_tree("docs/controls.md"))))
    names.insert(control.name.substr(0, control.name.find(' ')));
  std::vector<std::string> missing;
  const auto expect = [&](const std::string& name) {
    if (names.count(name) == 0) missing.push_back(name);
  };
  for (int i = 1; i <= 10; ++i) {
    const auto two = (i < 10 ? "0" : "") + std::to_string(i);
    expect("NHI" + std::to_string(i));
    expect("ASI" + two);
    expect("MCP" + two);
  }
  for (int i = 1; i <= 6; ++i) expect("PR.AA-0" + std::to_string(i));
  for (int i = 1; i <= 7; ++i) expect(std::to_string(i));
  CHECK(missing == std::vector<std::string>{});
}

TEST_CASE("a control that claims more than it shows is found") {
  const auto with = [](const std::string& rest) { return controls_in("## A list\n| X1 a risk | " + rest + "\n"); };
  CHECK(faults_of(with("all of it | proved by test | test: \"one\" |")).empty());
  CHECK(faults_of(with("nothing | not done | |")).empty());
  CHECK(faults_of(with("all of it | proved by test | |")).size() == 1);
  CHECK(faults_of(with("all of it | strong | test: \"one\" |")).size() == 1);
  CHECK(faults_of(with("nothing | not done | test: \"one\" |")).size() == 1);
  CHECK(faults_of(controls_in("## A\n| X1 a | b | partial | |\n| X1 a | b | partial | |\n")).size() == 1);
}

}  // namespace jeton::test
