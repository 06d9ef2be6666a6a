// The view `events`: one row an event, made from the same list of members as the leaf.
#include "store/schema/views.hpp"
#include "store/schema/words.hpp"

namespace jeton {
namespace {

std::string case_of(const std::string& column, const std::optional<Role>&) {
  return names_case("e." + column, Role::agent, Role::daemon);
}
std::string case_of(const std::string& column, const std::optional<Verb>&) { return verb_case("e." + column); }
std::string case_of(const std::string& column, const std::optional<Code>&) { return code_case("e." + column); }
std::string case_of(const std::string& column, const std::optional<Previous>&) {
  return names_case("e." + column, Previous::none, Previous::revoked);
}
std::string case_of(const std::string& column, const std::optional<Outcome>&) { return outcome_case("e." + column); }
std::string case_of(const std::string& column, const std::optional<ReceiptCheck>&) {
  return names_case("e." + column, ReceiptCheck::match, ReceiptCheck::mismatch);
}

/// How a reader sees one column of table `event` (e).
template <class T>
std::string shown(const std::string& column, const std::optional<T>& member, Kept kept = Kept::inline_) {
  if constexpr (std::is_enum_v<T>) {
    return case_of(column, member);
  } else if constexpr (std::is_same_v<T, Sha256>) {
    return "lower(hex(e." + column + "))";
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (kept == Kept::term) return term_text("e." + column);
    return "e." + column;
  } else {
    return "e." + column;
  }
}

}  // namespace

std::string events_view() {
  std::string sql = "CREATE VIEW events AS SELECT e.log_index AS log_index, e.time_us AS time_us, " +
                    names_case("e.event", EventKind::sidecar_started, EventKind::clock_jumped) + " AS event";
  const Event none;
  for_each_member(none, [&sql](const std::string& name, const auto& member, auto... kept) {
    const auto column = "\"" + name + "\"";
    auto expression = shown(column, member, kept...);
    if constexpr (std::is_same_v<std::decay_t<decltype(member)>, std::optional<Sha256>>)
      expression = "CASE WHEN e." + column + " IS NOT NULL THEN " + expression + " END";
    sql += ", " + expression + " AS " + column;
  });
  return sql + " FROM event e";
}

}  // namespace jeton
