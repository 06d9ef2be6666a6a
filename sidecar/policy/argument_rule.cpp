// What each condition means. The one file that knows RE2.
#include "policy/argument_rule.hpp"

#include <algorithm>
#include <charconv>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <re2/re2.h>

namespace jeton {

namespace {

using Mistake = ArgumentRule::Mistake;

// A program and its automaton together. Over it, a pattern is refused at load; a value that would need more of it is
// matched by a slower way, still linear.
constexpr std::int64_t pattern_memory_bytes = 1 << 20;

const std::string& text_in(const Json& value) { return value.get_ref<const std::string&>(); }
bool is_text(const Json& value) { return value.is_string(); }
bool is_number(const Json& value) { return value.is_number(); }
bool has_length(const Json& value) { return value.is_string() || value.is_array(); }
bool is_scalar(const Json& value) { return value.is_string() || value.is_number() || value.is_boolean(); }

// Exact: what arrives has survived as a double.
bool equals(const Json& value, const Scalar& scalar) {
  if (const auto* text = std::get_if<std::string>(&scalar)) return value.is_string() && text_in(value) == *text;
  if (const auto* number = std::get_if<double>(&scalar)) return value.is_number() && value.get<double>() == *number;
  return value.is_boolean() && value.get<bool>() == std::get<bool>(scalar);
}

std::size_t length_of(const Json& value) {
  if (value.is_array()) return value.size();
  const auto& text = text_in(value);
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool lies_under(const std::string& directory, const Json& value) {
  const auto path = lexical_path(text_in(value));
  if (!path) return false;
  return directory == "/" || *path == directory || path->starts_with(directory + "/");
}

tl::expected<std::vector<std::string>, Mistake> steps_of(std::string_view pointer) {
  const auto wrong = [](std::string_view what) {
    return tl::unexpected(
        Mistake{"pointer", fmt::format("{}; write a JSON Pointer to a member, such as \"/amount\"", what)});
  };
  if (pointer.empty()) return wrong("names no member");
  if (pointer.front() != '/') return wrong("does not begin with a slash");
  std::vector<std::string> steps;
  for (std::size_t i = 0; i < pointer.size(); ++i) {
    if (pointer[i] == '/') {
      steps.emplace_back();
    } else if (pointer[i] != '~') {
      steps.back() += pointer[i];
    } else {
      const char code = ++i < pointer.size() ? pointer[i] : '\0';
      if (code != '0' && code != '1') return wrong("has a ~ that is neither ~0 (for ~) nor ~1 (for /)");
      steps.back() += code == '0' ? '~' : '/';
    }
  }
  return steps;
}

// RFC 6901 section 4: digits without a leading zero. "-" names what is not there yet.
std::optional<std::size_t> index_of(std::string_view step) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
  if (step.empty() || error != std::errc() || end != step.data() + step.size()) return std::nullopt;
  return step.size() > 1 && step.front() == '0' ? std::nullopt : std::optional(index);
}

tl::expected<std::shared_ptr<const re2::RE2>, Mistake> compile_pattern(const std::string& pattern) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(pattern_memory_bytes);
  auto compiled = std::make_shared<const re2::RE2>(pattern, options);
  if (compiled->ok()) return compiled;
  return tl::unexpected(
      Mistake{"pattern", fmt::format("is no RE2 expression ({}); write one that matches the whole value, "
                                     "such as \"[A-Z]-[0-9]+\"",
                                     compiled->error())});
}

}  // namespace

tl::expected<ArgumentRule, Mistake> ArgumentRule::compile(const ArgumentConditions& given) {
  auto steps = steps_of(given.pointer);
  if (!steps) return tl::unexpected(steps.error());
  ArgumentRule rule;
  rule.pointer_ = given.pointer;
  rule.steps_ = std::move(*steps);
  const auto add = [&rule](std::string name, std::string_view needs, auto fits, auto holds) {
    rule.conditions_.push_back({std::move(name), needs, std::move(fits), std::move(holds)});
  };
  if (given.equals) {
    add("equals", "a string, number or boolean", is_scalar,
        [wanted = *given.equals](const Json& value) { return equals(value, wanted); });
  }
  if (given.one_of) {
    if (given.one_of->empty()) return tl::unexpected(Mistake{"one_of", "is empty; write the values that are allowed"});
    add("one_of", "a string, number or boolean", is_scalar, [all = *given.one_of](const Json& value) {
      return std::any_of(all.begin(), all.end(), [&](const Scalar& one) { return equals(value, one); });
    });
  }
  if (given.prefix) {
    add("prefix", "a string", is_text,
        [prefix = *given.prefix](const Json& value) { return text_in(value).starts_with(prefix); });
  }
  if (given.suffix) {
    add("suffix", "a string", is_text,
        [suffix = *given.suffix](const Json& value) { return text_in(value).ends_with(suffix); });
  }
  // Before the pattern, so that it bounds what a pattern may cost.
  if (given.max_length) {
    add(fmt::format("max_length {}", *given.max_length), "a string or an array", has_length,
        [max = static_cast<std::size_t>(*given.max_length)](const Json& value) { return length_of(value) <= max; });
  }
  if (given.pattern) {
    auto compiled = compile_pattern(*given.pattern);
    if (!compiled) return tl::unexpected(compiled.error());
    add("pattern", "a string", is_text,
        [pattern = *compiled](const Json& value) { return re2::RE2::FullMatch(text_in(value), *pattern); });
  }
  if (given.min) {
    add(fmt::format("min {}", *given.min), "a number", is_number,
        [min = *given.min](const Json& value) { return value.get<double>() >= min; });
  }
  if (given.max) {
    if (given.min && *given.min > *given.max)
      return tl::unexpected(Mistake{"max", fmt::format("is less than min; write at least {}", *given.min)});
    add(fmt::format("max {}", *given.max), "a number", is_number,
        [max = *given.max](const Json& value) { return value.get<double>() <= max; });
  }
  if (given.path_under) {
    auto directory = lexical_path(*given.path_under);
    if (!directory)
      return tl::unexpected(Mistake{"path_under", "is no absolute path; write a directory such as \"/srv/reports\""});
    auto name = fmt::format("path_under {}", *directory);
    add(std::move(name), "a string", is_text,
        [under = std::move(*directory)](const Json& value) { return lies_under(under, value); });
  }
  if (rule.conditions_.empty())
    return tl::unexpected(Mistake{"pointer",
                                  "has no condition; write at least one of equals, one_of, prefix, suffix, "
                                  "pattern, min, max, max_length, path_under"});
  return rule;
}

const Json* ArgumentRule::find_in(const Json& arguments) const {
  const Json* at = &arguments;
  for (const auto& step : steps_) {
    if (at->is_object()) {
      const auto member = at->find(step);
      if (member == at->end()) return nullptr;
      at = &*member;
    } else if (at->is_array()) {
      const auto index = index_of(step);
      if (!index || *index >= at->size()) return nullptr;
      at = &(*at)[*index];
    } else {
      return nullptr;
    }
  }
  return at;
}

std::optional<std::string> ArgumentRule::failure(const Json& arguments) const {
  const auto* value = find_in(arguments);
  if (value == nullptr) return "there is no such argument";
  for (const auto& condition : conditions_) {
    if (!condition.fits(*value)) return fmt::format("{} needs {}", condition.name, condition.needs);
    if (!condition.holds(*value)) return fmt::format("{} does not hold", condition.name);
  }
  return std::nullopt;
}

std::optional<std::string> lexical_path(std::string_view path) {
  if (!path.starts_with('/') || path.find('\0') != std::string_view::npos) return std::nullopt;
  std::string out;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const auto step = path.substr(0, path.find('/'));
    path.remove_prefix(step.size());
    if (step == "..") {
      if (out.empty()) return std::nullopt;
      out.erase(out.rfind('/'));
    } else if (!step.empty() && step != ".") {
      out += '/';
      out += step;
    }
  }
  return out.empty() ? "/" : out;
}

}  // namespace jeton
