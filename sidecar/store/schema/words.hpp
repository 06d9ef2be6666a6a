// Numbers of table `event` as the words that readers see, for the views.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>

#include <fmt/args.h>
#include <fmt/format.h>

#include "jeton/event.hpp"

namespace jeton {

/// CASE over the numbers of an enumeration: NULL for any other.
template <class Enum>
std::string names_case(const std::string& expression, Enum first, Enum last) {
  std::string sql = "CASE " + expression;
  for (auto i = static_cast<int>(first); i <= static_cast<int>(last); ++i)
    sql += " WHEN " + std::to_string(i) + " THEN '" + std::string(name_of(static_cast<Enum>(i))) + "'";
  return sql + " END";
}

inline std::string code_case(const std::string& expression) {
  return names_case(expression, Code::bad_request, Code::sidecar_unavailable);
}
inline std::string verb_case(const std::string& expression) { return names_case(expression, Verb::open, Verb::enable); }
inline std::string outcome_case(const std::string& expression) {
  return names_case(expression, Outcome::ok, Outcome::unknown);
}

/// The text of a term's id.
inline std::string term_text(const std::string& expression) {
  return "(SELECT text FROM term WHERE id = " + expression + ")";
}

/// The reader's wall clock in seconds.
inline const std::string now_s = "CAST(strftime('%s', 'now') AS INTEGER)";

/// SQL in which {name} stands for a number of `EventKind`, `Role` or `Code`, or for a piece of SQL.
class Sql {
 public:
  template <class Enum>
  requires std::is_enum_v<Enum> Sql& with(const char* name, Enum number) {
    words_.push_back(fmt::arg(name, static_cast<int>(number)));
    return *this;
  }
  Sql& with(const char* name, const std::string& sql) {
    words_.push_back(fmt::arg(name, sql));
    return *this;
  }
  [[nodiscard]] std::string text(std::string_view form) const { return fmt::vformat(form, words_); }

 private:
  fmt::dynamic_format_arg_store<fmt::format_context> words_;
};

}  // namespace jeton
