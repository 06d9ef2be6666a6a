// docs/alerts.md has a section for each kind of alert, in the words of the table, and for nothing else.
#include "readers/alerts.hpp"
#include "store/schema/schema.hpp"
#include "support/catch.hpp"
#include "unit/docs/doc_text.hpp"

namespace jeton::test {
namespace {

std::string section_of(const std::string& text, std::string_view kind) {
  const auto begin = text.find("\n## " + std::string(kind) + "\n");
  if (begin == text.npos) return "";
  return text.substr(begin, text.find("\n## ", begin + 1) - begin);
}

}  // namespace

TEST_CASE("the document of alerts has a section for each kind in the words of the table and none besides") {
  const auto text = text_of(in_tree("docs/alerts.md"));
  std::vector<std::string> sections, kinds;
  for (const auto& line : lines_of(text))
    if (line.starts_with("## ")) sections.push_back(line.substr(3));
  for (const auto& kind : alert_kinds()) {
    INFO(kind.name);
    kinds.emplace_back(kind.name);
    const auto section = section_of(text, kind.name);
    CHECK_THAT(section,
               Catch::Contains("*" + std::string(name_of(kind.severity)) + ": " + std::string(kind.means) + ".*"));
    for (const char* part : {"**Arises from** ", "**Innocent when** ", "**Do:** "})
      CHECK_THAT(section, Catch::Contains(part));
    if (kind.look == AlertKind::Look::call) CHECK_THAT(section, Catch::Contains("`jeton log show TXN`"));
    if (kind.look == AlertKind::Look::whole_log) CHECK_THAT(section, Catch::Contains("`jeton log verify`"));
  }
  CHECK(sections == kinds);
}

TEST_CASE("every kind the view alerts can show is in the table") {
  for (const auto& view : schema_views()) {
    if (view.name != "alerts") continue;
    for (const auto& kind : alert_kinds()) CHECK_THAT(view.sql, Catch::Contains("'" + std::string(kind.name) + "'"));
  }
}

}  // namespace jeton::test
