// Counts dots outside of strings and comments, from one separator to the next.
#include "app/config_nesting.hpp"

#include <algorithm>

namespace jeton {
namespace {

/// Walks over a text; keeps the line.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool done() const { return rest_.empty(); }
  [[nodiscard]] char here() const { return rest_.front(); }
  [[nodiscard]] std::size_t line() const { return line_; }

  void skip(std::size_t count) {
    count = std::min(count, rest_.size());
    line_ +=
        static_cast<std::size_t>(std::count(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(count), '\n'));
    rest_.remove_prefix(count);
  }
  void skip_comment() { skip(rest_.find('\n')); }
  /// "…", '…' and both with three quotes, which may span lines and end with up to two quotes of their own.
  void skip_string() {
    const char quote = here();
    const std::string_view three = quote == '"' ? R"(""")" : "'''";
    const bool multiline = rest_.starts_with(three);
    skip(multiline ? 3 : 1);
    while (!done() && (multiline ? !rest_.starts_with(three) : here() != quote && here() != '\n'))
      skip(quote == '"' && here() == '\\' ? 2 : 1);
    skip(multiline ? 3 : 1);
    for (int own = 0; multiline && own < 2 && !done() && here() == quote; ++own) skip(1);
  }

 private:
  std::string_view rest_;
  std::size_t line_ = 1;
};

}  // namespace

std::optional<std::size_t> line_of_too_deep_key(std::string_view text) {
  constexpr std::string_view separators = "\n=[]{},";
  Scanner scanner(text);
  std::size_t parts = 1;
  while (!scanner.done()) {
    const char c = scanner.here();
    if (c == '#') {
      scanner.skip_comment();
    } else if (c == '"' || c == '\'') {
      scanner.skip_string();
    } else {
      if (separators.find(c) != separators.npos) parts = 1;
      if (c == '.' && ++parts > key_parts_max) return scanner.line();
      scanner.skip(1);
    }
  }
  return std::nullopt;
}

}  // namespace jeton
