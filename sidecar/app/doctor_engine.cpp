// One question to the engine, as the daemon would put it: whether it decides at all, and how fast.
#include <fmt/core.h>

#include "app/doctor.hpp"
#include "app/engine.hpp"
#include "outbound/curl_fetch.hpp"

namespace jeton {
namespace {

/// The first agent of the configuration, and a tool that no server has.
EngineQuestion probe(const Config& config) {
  EngineQuestion question;
  question.agent = config.roles.agents.empty() ? fmt::format("spiffe://{}/agent/doctor", config.trust_domain)
                                               : config.roles.agents.front().spiffe_id;
  question.subject = question.agent;
  if (!config.roles.servers.empty()) question.server = config.roles.servers.front().url;
  question.tool = "jeton-doctor";
  question.digest = args_digest(question.tool, Json::object()).value();
  return question;
}

std::string_view to_type(Ruling ruling) {
  switch (ruling) {
    case Ruling::undefined: return "the rule's path in url under [policy]: /v1/data/PACKAGE/RULE";
    case Ruling::malformed: return "token_file, ca_file and url under [policy], or the engine itself";
    case Ruling::timeout: return "timeout_ms under [policy], or an engine nearer by";
    default: break;
  }
  return "url under [policy], or start the engine";
}

}  // namespace

Diagnoses examine_engine(const Config& config, uid_t daemon_uid) {
  if (!config.engine)
    return {
        {Urgency::note, "no engine decides beside the grants", "there is nothing to ask", "[policy] in jeton.toml"}};
  const auto fetch = make_curl_fetch();
  if (!fetch) return {{Urgency::error, fetch.error().message, "jetond does not start with it", ""}};
  const auto engine = make_outside_policy(config, daemon_uid, fetch->get());
  if (!engine) return {{Urgency::error, engine.error().message, "jetond does not start with it", ""}};
  const auto began = std::chrono::steady_clock::now();
  const auto verdict =
      (*engine)->engine.ask(probe(config), began + std::chrono::milliseconds(config.engine->timeout_ms));
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
  const auto who = fmt::format("{} at {}", name_of(config.engine->kind), config.engine->host());
  const bool decided = verdict.ruling == Ruling::permitted || verdict.ruling == Ruling::denied;
  if (!decided)
    return {{Urgency::error, fmt::format("{} gives no decision: {}", who, name_of(verdict.ruling)),
             "every call is refused until it does", std::string(to_type(verdict.ruling))}};
  if (verdict.ruling == Ruling::permitted)
    return {{Urgency::warning, fmt::format("{} permits a tool that nobody has", who),
             "it may permit everything, and the grants then decide alone", "its policy, and what it does by default"}};
  return {{Urgency::note, fmt::format("{} decides, in {} ms", who, took.count()),
           fmt::format("a mint waits for it, at most {} ms", config.engine->timeout_ms), "jeton metrics"}};
}

}  // namespace jeton
