// docs/log.md: does each of its questions get the answer that stands below it, and is every column of every view in it?
#include "store/schema/schema.hpp"
#include "support/catch.hpp"
#include "support/ledger.hpp"
#include "support/temp_dir.hpp"
#include "support/told_log.hpp"
#include "unit/docs/doc_text.hpp"

namespace jeton::test {
namespace {

struct Question {
  std::string title;
  std::string sql;
  std::string answer;
};

std::string only(const std::vector<std::string>& blocks) { return blocks.size() == 1 ? blocks.front() : ""; }

std::vector<Question> questions() {
  std::vector<Question> all;
  const auto text = text_of(in_tree("docs/log.md"));
  for (auto at = text.find("\n### "); at != text.npos; at = text.find("\n### ", at + 1)) {
    const auto section = text.substr(at + 5, text.find("\n### ", at + 1) - at - 5);
    all.push_back({section.substr(0, section.find('\n')), only(between(section, "```sql\n", "```\n")),
                   only(between(section, "```text\n", "```\n"))});
  }
  return all;
}

std::string answered(const outside::Ledger& ledger, const std::string& sql) {
  std::string text;
  for (const auto& row : ledger.rows(sql)) {
    for (std::size_t i = 0; i < row.size(); ++i) text += (i == 0 ? "" : "|") + row[i];
    text += "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("each question a reviewer asks in the documents gets the answer that stands below it") {
  const testing::TempDir dir;
  const testing::ToldLog log(dir / "jeton.db");
  const outside::Ledger ledger(dir.path());
  const auto all = questions();
  CHECK(all.size() == 20);
  for (std::size_t i = 0; i < all.size(); ++i) {
    INFO(all[i].title);
    CHECK(all[i].title.starts_with(std::to_string(i + 1) + ". "));
    REQUIRE_FALSE(all[i].sql.empty());
    REQUIRE_FALSE(all[i].answer.empty());
    CHECK(answered(ledger, all[i].sql) == all[i].answer);
  }
}

TEST_CASE("the document of the log has every view with every column and no other") {
  const testing::TempDir dir;
  const testing::ToldLog log(dir / "jeton.db");
  const outside::Ledger ledger(dir.path());
  const auto text = text_of(in_tree("docs/log.md"));
  for (const auto& view : schema_views()) {
    const auto begin = text.find("\n## " + view.name + "\n");
    INFO(view.name);
    REQUIRE(begin != text.npos);
    std::vector<std::string> told, columns;
    for (const auto& line : lines_of(text.substr(begin + 1, text.find("\n## ", begin + 1) - begin)))
      if (line.starts_with("| `"))
        for (auto& name : between(line.substr(0, line.find('|', 1)), "`", "`")) told.push_back(std::move(name));
    for (const auto& row : ledger.rows("SELECT name FROM pragma_table_info('" + view.name + "')"))
      columns.push_back(row[0]);
    CHECK(told == columns);
  }
}

}  // namespace jeton::test
