// From a configuration's text to its values: what each key may say, and what the entries must agree on.
#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/config.hpp"
#include "app/config_argument.hpp"
#include "app/config_clients.hpp"
#include "app/config_federation.hpp"
#include "app/config_forms.hpp"
#include "app/config_section.hpp"
#include "app/listening.hpp"
#include "jeton/domain.hpp"
#include "jeton/hash.hpp"

namespace jeton {

namespace {

constexpr std::string_view lower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view digits_and_marks = "0123456789._-";

bool fits(std::string_view text, std::size_t bytes_max, std::string_view allowed) {
  return !text.empty() && text.size() <= bytes_max && text.find_first_not_of(allowed) == std::string_view::npos;
}

bool is_agent_name(std::string_view text) {
  return text != "." && text != ".." && fits(text, 64, fmt::format("{}{}{}", lower, upper, digits_and_marks));
}

bool is_issuer(std::string_view text) {
  return text.starts_with("https://") && is_server_name(text) && text.find('?') == std::string_view::npos;
}

bool is_socket_path(std::string_view text) {
  constexpr std::size_t sun_path_bytes = 107;
  return is_absolute_path(text) && text.size() <= sun_path_bytes;
}

void read_root(const ConfigSection& root, Config& config) {
  config.trust_domain = text_that(is_trust_domain, root, "trust_domain",
                                  "is no trust domain; write up to 255 of a-z 0-9 . _ -, such as \"acme.example\"")
                            .value_or("");
  config.issuer = text_that(is_issuer, root, "issuer",
                            "is no issuer; write an https URL without query and fragment, "
                            "such as \"https://jeton.acme.example\"");
  if (const auto text = root.text("listen")) {
    auto listen = parse_listen(*text);
    if (listen)
      config.listen = std::move(*listen);
    else
      root.mistake("listen", listen.error().message);
  }
  config.socket = text_that(is_socket_path, root, "socket",
                            "is no socket's path; write an absolute path of at most 107 bytes, "
                            "such as \"/run/jeton/agent.sock\"");
  const auto is_durability = [](std::string_view text) { return text == "full" || text == "normal"; };
  const auto durability =
      text_that(is_durability, root, "durability", "is no durability; write \"full\" or \"normal\"");
  if (durability == "normal") config.durability = Durability::normal;
  const auto is_landlock = [](std::string_view text) { return text == "auto" || text == "on" || text == "off"; };
  const auto landlock = text_that(is_landlock, root, "landlock", "is no choice; write \"auto\", \"on\" or \"off\"");
  if (landlock && *landlock != "auto") config.landlock = landlock == "on" ? Landlock::on : Landlock::off;
  if (const auto level = text_that([](std::string_view text) { return level_named(text).has_value(); }, root,
                                   "log_level", "is no level; write \"debug\", \"info\", \"warning\" or \"error\""))
    config.log_level = *level_named(*level);
  if (const auto key =
          text_that([](std::string_view text) { return SealingKey::parse(text).has_value(); }, root, "reviewer_key",
                    "is no reviewer's key; type  jeton log args --make-key FILE  and write what it prints"))
    config.reviewer_key = *SealingKey::parse(*key);
  config.reserve_bytes = root.integer_or("reserve_bytes", config.reserve_bytes);
  config.log_bytes_max = root.integer_or("log_bytes_max", config.log_bytes_max);
  config.retain_days = root.integer_or("retain_days", config.retain_days);
  if (config.log_bytes_max > 0 && config.log_bytes_max <= config.reserve_bytes)
    root.mistake("log_bytes_max",
                 fmt::format("is no more than reserve_bytes, so no refusal would ever be written; write more than {}",
                             config.reserve_bytes));
  if (!root.has("checkpoint_places")) return;
  for (const auto& place : root.strings("checkpoint_places")) {
    if (place.text != "syslog" && !is_absolute_path(place.text))
      root.mistake_at(place.line, "checkpoint_places", "holds no place; write a file's absolute path, or \"syslog\"");
    config.checkpoint_places.push_back(place.text);
  }
}

void read_limits(const ConfigSection& section, Limits& limits) {
  const auto read_size = [&](std::string_view key, std::size_t& size) {
    size = static_cast<std::size_t>(section.integer_or(key, static_cast<std::int64_t>(size)));
  };
  read_size("body_bytes", limits.body_bytes);
  read_size("arguments_bytes", limits.arguments_bytes);
  read_size("header_bytes", limits.header_bytes);
  read_size("connections_per_uid", limits.connections_per_uid);
  read_size("connections_per_address", limits.connections_per_address);
  read_size("connections", limits.connections);
  limits.idle_s = section.integer_or("idle_s", limits.idle_s);
  limits.request_s = section.integer_or("request_s", limits.request_s);
  if (section.has("arguments_bytes") && limits.arguments_bytes > limits.body_bytes) {
    section.mistake("arguments_bytes",
                    fmt::format("is more than a body holds; write at most {}, or raise body_bytes", limits.body_bytes));
  }
}

TlsFiles read_tls(const ConfigSection& section) {
  const auto path = [&section](std::string_view key) {
    return text_that(is_absolute_path, section, key,
                     "is no file's path; write an absolute one, such as "
                     "\"/etc/jeton/tls/" +
                         std::string(key) + ".pem\"");
  };
  return {path("certificate").value_or(""), path("key").value_or(""), path("client_ca")};
}

SelectorSet read_match(const ConfigSection& section) {
  if (!section.has("match")) return {};
  std::vector<std::string> texts;
  for (const auto& item : section.strings("match")) {
    if (auto selector = Selector::parse(item.text); !selector) {
      section.mistake_at(item.line, "match", selector.error().message);
      return {};
    }
    texts.push_back(item.text);
  }
  auto set = SelectorSet::parse(texts);
  if (set) return *std::move(set);
  section.mistake("match", set.error().message);
  return {};
}

AgentEntry read_agent(const ConfigSection& section, const Config& config) {
  AgentEntry agent;
  agent.name = text_that(is_agent_name, section, "name",
                         "is no agent's name; write up to 64 of A-Z a-z 0-9 . _ -, such as \"billing\"")
                   .value_or("");
  if (is_taken(config.roles.agents, &AgentEntry::name, agent.name)) {
    section.mistake("name", "is the name of an earlier agent; write another");
  }
  agent.spiffe_id = fmt::format("spiffe://{}/agent/{}", config.trust_domain, agent.name);
  agent.match = read_match(section);
  agent.proof = read_proof(section, config.roles);
  return agent;
}

std::vector<std::string> read_delegates(const ConfigSection& section, const Config& config) {
  std::vector<std::string> agents;
  if (!section.has("delegates_to")) return agents;
  for (const auto& item : section.strings("delegates_to")) {
    if (!is_taken(config.roles.agents, &AgentEntry::name, item.text))
      section.mistake_at(item.line, "delegates_to", "holds what is no [[agent]]; write the name of one");
    agents.push_back(item.text);
  }
  return agents;
}

ServerEntry read_server(const ConfigSection& section, const Config& config) {
  ServerEntry server;
  server.url = text_that(is_server_name, section, "url",
                         "is no server's name; write its resource URL, such as \"https://crm.example/mcp\", "
                         "or \"mcp:stdio:NAME\"")
                   .value_or("");
  if (is_taken(config.roles.servers, &ServerEntry::url, server.url)) {
    section.mistake("url", "is the url of an earlier server; write another");
  }
  server.proof = read_proof(section, config.roles);
  // Who proves itself otherwise and names no account is nobody on a socket; without either anybody may be it.
  if (section.has("match") || server.proof.is_given()) server.match = read_match(section);
  server.delegates_to = read_delegates(section, config);
  const auto is_verify = [](std::string_view text) { return text == "online" || text == "offline"; };
  server.offline =
      text_that(is_verify, section, "verify", "is no way to verify; write \"online\" or \"offline\"") == "offline";
  if (server.offline && !server.match)
    section.mistake("verify",
                    "needs match, keys or certificate: without it anybody could report this server's redemptions; "
                    "write match = [\"unix:uid:...\"]");
  if (!server.delegates_to.empty() && (server.offline || !server.match))
    section.mistake("delegates_to",
                    "needs a server that redeems here and is somebody: whoever holds a token can redeem it where there "
                    "is no match; write match = [\"unix:uid:...\"], and verify = \"online\"");
  // One name each: "Ed25519" is a header's other name for EdDSA, and no setting.
  const auto is_alg = [](std::string_view text) {
    const auto named = algorithm_named(text);
    return named && name_of(*named) == text;
  };
  const auto alg = text_that(is_alg, section, "alg", "is no algorithm; write \"EdDSA\", \"ES256\" or \"RS256\"");
  if (alg) server.algorithm = algorithm_named(*alg).value_or(Algorithm::eddsa);
  return server;
}

std::vector<SelectorSet> read_matches(const ConfigNode& root, std::string_view name, Mistakes& mistakes) {
  std::vector<SelectorSet> sets;
  for (const auto* table : sections_of(root, name, true, mistakes)) {
    sets.push_back(read_match(ConfigSection(name, *table, mistakes)));
  }
  return sets;
}

std::vector<SelectorSet> default_operators(uid_t daemon_uid) {
  if (daemon_uid == 0) return {SelectorSet::of_uid(0)};
  return {SelectorSet::of_uid(daemon_uid), SelectorSet::of_uid(0)};
}

std::vector<std::string> read_tools(const ConfigSection& section) {
  std::vector<std::string> tools;
  if (!section.has("tools")) return tools;
  const auto items = section.strings("tools");
  if (items.empty()) section.mistake("tools", "is empty; write the tools, such as [\"refund\", \"lookup_*\"]");
  for (const auto& item : items) {
    if (item.text.empty() || std::any_of(item.text.begin(), item.text.end(), is_control)) {
      section.mistake_at(item.line, "tools", "holds what is no glob; write a tool's name, * and ? allowed");
    }
    tools.push_back(item.text);
  }
  return tools;
}

Permit read_permit(const ConfigSection& section, const std::optional<SealingKey>& reviewer_key) {
  Permit permit;
  permit.grant = text_that(is_entry_name, section, "name",
                           "is no grant's name; write up to 128 visible ASCII characters without a space")
                     .value_or("");
  permit.ttl_s = section.integer_or("ttl_s", permit.ttl_s);
  permit.max_attempts = section.integer_or("max_attempts", permit.max_attempts);
  permit.max_redemptions = section.integer_or("max_redemptions", permit.max_redemptions);
  permit.rate_per_min = section.integer("rate_per_min");
  if (section.flag("record_arguments")) {
    permit.seal_to = reviewer_key;
    if (!reviewer_key)
      section.mistake("record_arguments",
                      "needs reviewer_key; type  jeton log args --make-key FILE  and write reviewer_key = \"...\" "
                      "above the first [section]");
  }
  if (permit.max_redemptions > permit.max_attempts) {
    section.mistake("max_redemptions", fmt::format("is more than the {} attempts; write at most that, or raise "
                                                   "max_attempts",
                                                   permit.max_attempts));
  }
  return permit;
}

TimeWindow read_window(const ConfigSection& section) {
  const auto time = [&](std::string_view key) {
    const auto is_time = [](std::string_view text) { return utc_seconds(text).has_value(); };
    const auto text = text_that(is_time, section, key, "is no time in UTC; write one such as \"2026-12-01T01:00:00Z\"");
    return text ? utc_seconds(*text) : std::nullopt;
  };
  const TimeWindow window{time("not_before"), time("not_after")};
  if (window.not_before_s && window.not_after_s && *window.not_after_s <= *window.not_before_s)
    section.mistake("not_after", "is not after not_before; write a later time");
  return window;
}

Grant read_grant(const ConfigSection& section, const Config& config) {
  Grant grant;
  grant.permit = read_permit(section, config.reviewer_key);
  const auto is_namesake = [&](const Grant& other) { return other.permit.grant == grant.permit.grant; };
  if (std::any_of(config.grants.begin(), config.grants.end(), is_namesake)) {
    section.mistake("name", "is the name of an earlier grant; write another");
  }
  grant.agent = read_reference(section, "agent", config.roles.agents, &AgentEntry::name);
  grant.server = read_reference(section, "server", config.roles.servers, &ServerEntry::url);
  grant.tools = read_tools(section);
  grant.window = read_window(section);
  return grant;
}

void read_roles(const ConfigNode& root, Config& config, uid_t daemon_uid, Mistakes& mistakes) {
  for (const auto* table : sections_of(root, "agent", true, mistakes)) {
    config.roles.agents.push_back(read_agent(ConfigSection("agent", *table, mistakes), config));
  }
  for (const auto* table : sections_of(root, "server", true, mistakes)) {
    config.roles.servers.push_back(read_server(ConfigSection("server", *table, mistakes), config));
  }
  config.roles.operators = read_matches(root, "operator", mistakes);
  if (config.roles.operators.empty()) config.roles.operators = default_operators(daemon_uid);
  config.roles.reviewers = read_matches(root, "reviewer", mistakes);
  // They name agents: a mistake in those must be told before "is not configured", which it causes.
  if (mistakes.first()) return;
  config.trusted_issuers = read_trusted_issuers(root, config, mistakes);
  config.roles.relying_parties = read_relying_parties(root, config, mistakes);
  for (const auto* table : sections_of(root, "agent", true, mistakes)) {
    const ConfigSection section("agent", *table, mistakes);
    if (!section.has("match") && !can_prove_itself(section.text("name").value_or(""), config))
      section.mistake("match",
                      "missing; write match = [\"...\"], or keys or certificate, or name the agent in a "
                      "[[trusted_issuer]]");
  }
}

Config read_config(const ConfigNode& root, uid_t daemon_uid, Mistakes& mistakes) {
  Config config;
  const ConfigSection top("", root, mistakes);
  read_root(top, config);
  for (const auto* table : sections_of(root, "tls", false, mistakes))
    config.tls = read_tls(ConfigSection("tls", *table, mistakes));
  if (const auto missing = missing_to_listen(config)) top.mistake("listen", *missing);
  for (const auto* table : sections_of(root, "limits", false, mistakes)) {
    read_limits(ConfigSection("limits", *table, mistakes), config.limits);
  }
  for (const auto* table : sections_of(root, "policy", false, mistakes)) {
    config.engine = read_policy(ConfigSection("policy", *table, mistakes));
  }
  read_roles(root, config, daemon_uid, mistakes);
  if (config.landlock == Landlock::on && config.asks_for_executables())
    top.mistake("landlock",
                "hides every executable, so unix:path and unix:sha256 would never hold; write \"auto\", or match by "
                "unix:uid, systemd:id or jeton:socket alone");
  // Grants name agents and servers: a mistake in those must be told before "is not configured", which it causes.
  if (mistakes.first()) return config;
  for (const auto* table : sections_of(root, "grant", true, mistakes)) {
    auto& grant = config.grants.emplace_back(read_grant(ConfigSection("grant", *table, mistakes), config));
    grant.arguments = read_argument_rules(*table, mistakes);
  }
  return config;
}

tl::unexpected<Error> refuse_at(const std::string& name, std::size_t line, std::string_view key,
                                std::string_view what) {
  return refuse(Code::bad_request, fmt::format("{}:{}: {}: {}", name, line, key, what));
}

}  // namespace

Result<Config> parse_config(std::string_view text, const std::string& name, uid_t daemon_uid) {
  const auto document = read_toml(text);
  if (!document) {
    return refuse_at(name, document.error().line, "syntax",
                     document.error().message + "; write TOML, as in examples/config/full.toml");
  }
  Mistakes mistakes;
  auto config = read_config(*document, daemon_uid, mistakes);
  if (const auto& mistake = mistakes.first()) return refuse_at(name, mistake->line, mistake->key, mistake->what);
  config.sha256 = fmt::format("{:02x}", fmt::join(sha256(text), ""));
  return config;
}

Config dev_config(uid_t daemon_uid) {
  Config config;
  config.trust_domain = "dev.local";
  config.dev = true;
  config.sha256 = fmt::format("{:02x}", fmt::join(sha256(std::string_view()), ""));
  const auto self = SelectorSet::of_uid(daemon_uid);
  config.roles.agents = {{"dev", "spiffe://dev.local/agent/dev", self}};
  config.roles.any_server = ServerEntry{"*", self};
  config.roles.operators = default_operators(daemon_uid);
  config.grants = {{"dev", "*", {"*"}, {.grant = "dev", .max_redemptions = 8}}};
  return config;
}

}  // namespace jeton
