// A form body (RFC 6749 appendix B): names and values, each name once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"

namespace jeton {

/// The parameters of a request to an OAuth endpoint. A parameter without a value counts as left out (RFC 6749 section
/// 3.2).
class Form {
 public:
  /// bad_request: another content type, a name twice, an escape that is none, bytes that are not UTF-8.
  [[nodiscard]] static Result<Form> of(const Request& request);

  /// Good for as long as the form is.
  [[nodiscard]] std::optional<std::string_view> text(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const { return text(name).has_value(); }

 private:
  struct Parameter {
    std::string name, value;
  };
  [[nodiscard]] const std::string* find(std::string_view name) const;

  std::vector<Parameter> parameters_;  // few, so that a look at each is quicker than a tree
};

}  // namespace jeton
