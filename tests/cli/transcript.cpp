// Reading transcripts and comparing lines with what may change in them.
#include "cli/transcript.hpp"

#include <array>
#include <sstream>
#include <string_view>

#include <fmt/core.h>

namespace jeton::outside {
namespace {

constexpr std::string_view digits = "0123456789";
constexpr std::string_view base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A wildcard: what characters it takes, as many as there are, and how many that must be (0: any but none).
struct Wildcard {
  std::string_view name;
  std::string characters;
  std::size_t size;
};

const std::vector<Wildcard>& wildcards() {
  static const std::vector<Wildcard> all{
      {"<token>", std::string(base64url) + ".", 0}, {"<txn>", std::string(base64url), 22},
      {"<jti>", std::string(base64url), 22},        {"<int>", std::string(digits), 0},
      {"<clock>", std::string(digits) + ":.", 0},   {"<time>", std::string(digits) + "-: Z", 20},
      {"<version>", std::string(digits) + ".", 0},  {"<path>", std::string(base64url) + "/.", 0},
  };
  return all;
}

std::string one_space(const std::string& line) {
  std::string out;
  for (const char c : line)
    if (c != ' ' || !out.ends_with(' ')) out += c;
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

std::string_view taken_by(const Wildcard& wildcard, std::string_view rest) {
  auto size = std::min(rest.find_first_not_of(wildcard.characters), rest.size());
  if (wildcard.size == 0) return rest.substr(0, size);
  return size >= wildcard.size ? rest.substr(0, wildcard.size) : std::string_view();
}

std::string variable(std::string_view name) { return std::string(name.substr(1, name.size() - 2)); }

bool matches_from(std::string_view expected, std::string_view rest, Environment& seen) {
  while (!expected.empty()) {
    if (expected.starts_with("<any>")) {
      expected.remove_prefix(5);
      for (std::size_t skip = 0; skip <= rest.size(); ++skip)
        if (matches_from(expected, rest.substr(skip), seen)) return true;
      return false;
    }
    bool was_wildcard = false;
    for (const auto& wildcard : wildcards()) {
      if (!expected.starts_with(wildcard.name)) continue;
      const auto taken = taken_by(wildcard, rest);
      if (taken.empty()) return false;
      if (wildcard.name == "<token>" || wildcard.size == 22) seen[variable(wildcard.name)] = taken;
      expected.remove_prefix(wildcard.name.size());
      rest.remove_prefix(taken.size());
      was_wildcard = true;
      break;
    }
    if (was_wildcard) continue;
    if (rest.empty() || rest.front() != expected.front()) return false;
    expected.remove_prefix(1);
    rest.remove_prefix(1);
  }
  return rest.empty();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace

std::vector<Step> read_transcript(const std::string& text) {
  std::vector<Step> steps;
  std::size_t number = 0;
  for (const auto& line : lines_of(text)) {
    ++number;
    if (line.starts_with("$ "))
      steps.push_back({number, line.substr(2), {}, {}, 0});
    else if (line.starts_with("#") || line.empty() || steps.empty())
      continue;
    else if (line.starts_with("! "))
      steps.back().err.push_back(line.substr(2));
    else if (line.starts_with("= "))
      steps.back().status = std::stoi(line.substr(2));
    else
      steps.back().out.push_back(line);
  }
  return steps;
}

bool matches(const std::string& expected, const std::string& line, Environment& seen) {
  // One id in 64 begins with a dash, and stands behind "--" where it is to be typed.
  for (const std::string before_dash : {"", "-- "}) {
    auto concrete = one_space(expected);
    for (const auto& [name, value] : seen) {
      const auto same = "<same-" + name + ">";
      const auto id = value.starts_with('-') ? before_dash + value : value;
      for (auto at = concrete.find(same); at != concrete.npos; at = concrete.find(same))
        concrete.replace(at, same.size(), id);
    }
    if (matches_from(concrete, one_space(line), seen)) return true;
  }
  return false;
}

std::string difference(const std::vector<std::string>& expected, const std::string& output, Environment& seen) {
  std::vector<std::string> lines;
  for (auto& line : lines_of(output))
    if (!line.empty()) lines.push_back(std::move(line));
  for (std::size_t i = 0; i < std::max(expected.size(), lines.size()); ++i) {
    if (i < expected.size() && expected[i] == "...") return "";
    if (i >= expected.size()) return fmt::format("not expected: {}", lines[i]);
    if (i >= lines.size()) return fmt::format("missing: {}", expected[i]);
    if (!matches(expected[i], lines[i], seen)) return fmt::format("expected: {}\n     got: {}", expected[i], lines[i]);
  }
  return "";
}

}  // namespace jeton::outside
