// One rule about one argument of a call: where it stands, and what must be true of it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "jeton/error.hpp"
#include "jeton/json.hpp"

namespace jeton {

/// What a member may be compared with. One kind of number: 2.0 equals 2.
using Scalar = std::variant<bool, double, std::string>;

/// A rule as written. All conditions that are given must hold.
struct ArgumentConditions {
  std::string pointer;  ///< RFC 6901, into the arguments object
  std::optional<Scalar> equals = std::nullopt;
  std::optional<std::vector<Scalar>> one_of = std::nullopt;
  std::optional<std::string> prefix = std::nullopt;
  std::optional<std::string> suffix = std::nullopt;
  std::optional<std::string> pattern = std::nullopt;  ///< RE2; must match the whole value
  std::optional<double> min = std::nullopt;
  std::optional<double> max = std::nullopt;
  std::optional<std::int64_t> max_length = std::nullopt;  ///< code points of a string, elements of an array
  std::optional<std::string> path_under = std::nullopt;   ///< lexical: no file system is asked, no link followed
};

/// Compiled once, asked at each decision. Fails closed: a member that is missing or of another type fails the rule.
class ArgumentRule {
 public:
  /// What cannot be a rule: the key that is wrong, and "what is wrong; what to write".
  struct Mistake {
    std::string_view key;
    std::string what;
  };
  [[nodiscard]] static tl::expected<ArgumentRule, Mistake> compile(const ArgumentConditions& conditions);

  /// None when the rule holds; else the first condition that does not, by its name, never by the argument's value.
  [[nodiscard]] std::optional<std::string> failure(const Json& arguments) const;
  [[nodiscard]] const std::string& pointer() const { return pointer_; }

 private:
  struct Condition {
    std::string name;        ///< "max 100": the key, and its limit where that gives nothing away
    std::string_view needs;  ///< "a number"
    std::function<bool(const Json&)> fits;
    std::function<bool(const Json&)> holds;
  };
  [[nodiscard]] const Json* find_in(const Json& arguments) const;

  std::string pointer_;
  std::vector<std::string> steps_;
  std::vector<Condition> conditions_;
};

/// `path` without ".", ".." and empty steps: "/srv/./a//../b/" is "/srv/b". Nothing for what is relative, holds a NUL
/// or climbs above the root.
[[nodiscard]] std::optional<std::string> lexical_path(std::string_view path);

}  // namespace jeton
