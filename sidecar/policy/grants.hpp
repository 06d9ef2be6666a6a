// Grants from the configuration: first match in file order decides, and nothing matched is no.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/argument_rule.hpp"
#include "policy/glob.hpp"
#include "policy/policy.hpp"
#include "policy/time_window.hpp"

namespace jeton {

/// One [[grant]]. "*" for the agent or the server stands for all of them and only comes from `--dev`: no configured
/// name can be "*".
struct Grant {
  std::string agent;
  std::string server;
  std::vector<std::string> tools;  ///< globs: * any run of characters, ? one character; case-sensitive, whole name
  Permit permit;
  std::vector<ArgumentRule> arguments = {};  ///< all must hold
  TimeWindow window = {};
};

class Grants final : public Policy {
 public:
  explicit Grants(std::vector<Grant> grants) : grants_(std::move(grants)) {}
  [[nodiscard]] Result<Permit> decide(const Question& question) const override;
  /// The same decision, with the reason of each grant that does not match.
  [[nodiscard]] Explanation explain(const Question& question) const;

 private:
  std::vector<Grant> grants_;
};

}  // namespace jeton
