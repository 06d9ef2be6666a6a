// Reads the file, checks what the request names, and asks the same grants a daemon would ask.
#include "app/explain.hpp"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/config.hpp"
#include "app/config_section.hpp"
#include "jeton/tool_call.hpp"

namespace jeton {

namespace {

/// The account the daemon runs as is the one its state belongs to.
uid_t daemon_uid_of(const std::filesystem::path& state) {
  struct stat info {};
  return ::stat(state.c_str(), &info) == 0 ? info.st_uid : ::geteuid();
}

template <class Entry>
Result<void> check_configured(const std::string& name, const std::vector<Entry>& entries, std::string Entry::*key,
                              Code code, std::string_view section) {
  std::vector<std::string_view> configured;
  for (const auto& entry : entries) {
    if (entry.*key == name) return {};
    configured.push_back(entry.*key);
  }
  const auto near = nearest(name, configured);
  return refuse(code,
                fmt::format("{} {} is not configured; {}", section, printable(name),
                            near ? fmt::format("\"{}\" is", *near) : fmt::format("add a [[{}]] for it", section)));
}

}  // namespace

Result<Explanation> explain_policy(const std::filesystem::path& config, const std::filesystem::path& state,
                                   const ExplainRequest& request) {
  const auto read = load_config(config, daemon_uid_of(state));
  if (!read) return refuse(read.error());
  const auto& roles = read->roles;
  if (auto known = check_configured(request.agent, roles.agents, &AgentEntry::name, Code::unknown_agent, "agent");
      !known)
    return refuse(known.error());
  if (request.server) {
    auto known = check_configured(*request.server, roles.servers, &ServerEntry::url, Code::unknown_server, "server");
    if (!known) return refuse(known.error());
  }
  // As a daemon would, before it looks at any grant.
  if (request.tool.empty() || request.tool.size() > tool_bytes_max)
    return refuse(Code::bad_request, fmt::format("a tool's name has 1 to {} bytes", tool_bytes_max));
  if (auto digest = args_digest(request.tool, request.arguments, read->limits.arguments_bytes); !digest)
    return refuse(digest.error());
  auto explained =
      Grants(read->grants).explain({request.agent, request.server, request.tool, &request.arguments, request.wall_us});
  if (const auto& engine = read->engine)
    explained.engine = fmt::format("{} at {}", name_of(engine->kind), engine->host());
  return explained;
}

}  // namespace jeton
