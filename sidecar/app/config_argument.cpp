// From TOML's values to those a rule compares with, and from a rule's mistake to its line.
#include "app/config_argument.hpp"

#include <cmath>

namespace jeton {

namespace {

constexpr std::string_view section_name = "grant.argument";
constexpr std::int64_t safe_integer_max = (std::int64_t{1} << 53) - 1;

class RuleReader {
 public:
  explicit RuleReader(const ConfigSection& section) : section_(section) {}

  [[nodiscard]] ArgumentConditions read() const {
    ArgumentConditions rule;
    rule.pointer = section_.text("pointer").value_or("");
    if (const auto* value = section_.value("equals")) rule.equals = scalar("equals", *value);
    if (const auto* list = section_.value("one_of")) rule.one_of = scalars("one_of", *list);
    rule.prefix = section_.text("prefix");
    rule.suffix = section_.text("suffix");
    rule.pattern = section_.text("pattern");
    if (const auto* value = section_.value("min")) rule.min = number("min", *value);
    if (const auto* value = section_.value("max")) rule.max = number("max", *value);
    rule.max_length = section_.integer("max_length");
    rule.path_under = section_.text("path_under");
    return rule;
  }

 private:
  // What never arrives as a number must not look as if it could be asked for.
  [[nodiscard]] double number(std::string_view key, const ConfigNode& node) const {
    if (node.kind == ConfigNode::Kind::real) {
      if (!std::isfinite(node.real)) section_.mistake_at(node.line, key, "is no number of JSON; write a finite one");
      return node.real;
    }
    if (node.integer > safe_integer_max || node.integer < -safe_integer_max)
      section_.mistake_at(node.line, key,
                          "is beyond 2^53-1, which no argument is; write a smaller one, or the string it is sent as");
    return static_cast<double>(node.integer);
  }

  [[nodiscard]] Scalar scalar(std::string_view key, const ConfigNode& node) const {
    if (node.kind == ConfigNode::Kind::string) return node.text;
    if (node.kind == ConfigNode::Kind::boolean) return node.boolean;
    return number(key, node);
  }

  [[nodiscard]] std::vector<Scalar> scalars(std::string_view key, const ConfigNode& list) const {
    std::vector<Scalar> all;
    for (const auto& item : list.children) all.push_back(scalar(key, item));
    return all;
  }

  const ConfigSection& section_;
};

}  // namespace

std::vector<ArgumentRule> read_argument_rules(const ConfigNode& grant, Mistakes& mistakes) {
  std::vector<ArgumentRule> rules;
  for (const auto* table : sections_of(grant, section_name, true, mistakes)) {
    Mistakes own;
    const ConfigSection section(section_name, *table, own);
    const auto conditions = RuleReader(section).read();
    // A value of another type is a mistake already, and must not be told as a condition that is missing.
    if (!own.first()) {
      auto rule = ArgumentRule::compile(conditions);
      if (rule)
        rules.push_back(*std::move(rule));
      else
        section.mistake(rule.error().key, printable(rule.error().what));
    }
    if (const auto& mistake = own.first()) mistakes.add(mistake->line, mistake->key, mistake->what);
  }
  return rules;
}

}  // namespace jeton
