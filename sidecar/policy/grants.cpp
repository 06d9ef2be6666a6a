// Grants from the configuration: which one covers a question, and what to tell a caller that none covers.
#include "policy/grants.hpp"

#include <algorithm>
#include <iterator>
#include <optional>

#include <fmt/format.h>

namespace jeton {

namespace {

constexpr std::size_t shown_bytes_max = 128;
constexpr std::size_t hinted_grants_max = 3;
constexpr std::size_t hinted_tools_max = 8;

bool stands_for(std::string_view configured, std::string_view asked) {
  return configured == "*" || configured == asked;
}

bool is_near(const Grant& grant, const Question& question) {
  return stands_for(grant.agent, question.agent) && (!question.server || stands_for(grant.server, *question.server));
}

bool covers(const Grant& grant, std::string_view tool) {
  return std::any_of(grant.tools.begin(), grant.tools.end(),
                     [&](const std::string& glob) { return glob_matches(glob, tool); });
}

// A tool's name is the caller's text: it must not break a line of the log or fill it.
std::string shown(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, shown_bytes_max)) {
    if (c >= ' ' && c <= '~') {
      out += c;
    } else {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  if (text.size() > shown_bytes_max) out += "...";
  return out;
}

std::string tools_of(const Grant& grant) {
  std::string out;
  for (std::size_t i = 0; i < grant.tools.size(); ++i) {
    if (i > 0) out += ", ";
    if (i == hinted_tools_max) return out + "...";
    out += shown(grant.tools[i]);
  }
  return out;
}

// The first rule that fails, none when all hold. Without arguments nothing can hold.
std::optional<std::string> failed_rule(const Grant& grant, const Question& question) {
  if (grant.arguments.empty()) return std::nullopt;
  if (question.arguments == nullptr) return "has argument rules: send the arguments, not their digest";
  for (std::size_t i = 0; i < grant.arguments.size(); ++i) {
    const auto& rule = grant.arguments[i];
    if (const auto failure = rule.failure(*question.arguments))
      return fmt::format("rule {} at {}: {}", i + 1, shown(rule.pointer()), shown(*failure));
  }
  return std::nullopt;
}

std::string reason_against(const Grant& grant, const Question& question) {
  if (!stands_for(grant.agent, question.agent)) return fmt::format("is for agent {}", shown(grant.agent));
  if (question.server && !stands_for(grant.server, *question.server))
    return fmt::format("is for server {}", shown(grant.server));
  if (!covers(grant, question.tool)) return fmt::format("covers {}", tools_of(grant));
  if (!grant.window.holds(question.wall_us)) return grant.window.reason_against(question.wall_us);
  return failed_rule(grant, question).value_or("");
}

// Grants that only a rule or the time keeps from matching are nearest; where there are any, the others are no help.
std::string hint_for(const std::vector<Grant>& grants, const Question& question, bool of_rules) {
  std::string out;
  std::size_t hinted = 0;
  for (const auto& grant : grants) {
    if (!is_near(grant, question) || (of_rules && !covers(grant, question.tool))) continue;
    if (hinted++ == hinted_grants_max) return out + "; ...";
    const bool is_rule = of_rules && grant.window.holds(question.wall_us);
    const auto* joint = is_rule && question.arguments != nullptr ? ": " : " ";
    out += fmt::format("; grant \"{}\"{}{}", grant.permit.grant, joint, reason_against(grant, question));
  }
  if (hinted > 0) return out;
  return fmt::format("; no grant names this agent{}; add one to jeton.toml", question.server ? " and server" : "");
}

Error no_grant(const std::vector<Grant>& grants, const Question& question) {
  const auto is_nearest = [&](const Grant& grant) { return is_near(grant, question) && covers(grant, question.tool); };
  const bool of_rules = std::any_of(grants.begin(), grants.end(), is_nearest);
  const bool of_arguments = std::any_of(grants.begin(), grants.end(), [&](const Grant& grant) {
    return is_nearest(grant) && grant.window.holds(question.wall_us);
  });
  std::string_view arguments = of_rules ? " at this time" : "";
  if (of_arguments) arguments = question.arguments != nullptr ? " with these arguments" : " with only a digest";
  const auto server = question.server ? shown(*question.server) : "any server";
  return {Code::no_grant, fmt::format("agent {} may not call {} on {}{}{}", shown(question.agent), shown(question.tool),
                                      server, arguments, hint_for(grants, question, of_rules))};
}

}  // namespace

Result<Permit> Grants::decide(const Question& question) const {
  for (const auto& grant : grants_) {
    const bool concerned = is_near(grant, question) && covers(grant, question.tool);
    if (!concerned || !grant.window.holds(question.wall_us) || failed_rule(grant, question)) continue;
    auto permit = grant.permit;
    permit.ttl_s = grant.window.seconds_left(question.wall_us, permit.ttl_s);
    return permit;
  }
  return refuse(no_grant(grants_, question));
}

Explanation Grants::explain(const Question& question) const {
  Explanation out{{}, decide(question)};
  for (const auto& grant : grants_) out.lines.push_back({grant.permit.grant, reason_against(grant, question)});
  return out;
}

}  // namespace jeton
