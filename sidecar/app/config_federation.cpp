// What each key of [[relying_party]] may say, and what would let a federation token be taken for another one.
#include "app/config_federation.hpp"

#include <algorithm>

#include "app/config_forms.hpp"

namespace jeton {

namespace {

constexpr std::string_view section_name = "relying_party";

bool is_audience(std::string_view text) {
  return !text.empty() && text.size() <= RelyingParty::audience_bytes_max &&
         std::all_of(text.begin(), text.end(), is_visible);
}

/// A tool server or this daemon itself must never be whom such a token is for.
void check_audience(const ConfigSection& section, const std::string& audience, const Config& config) {
  if (is_taken(config.roles.servers, &ServerEntry::url, audience))
    section.mistake("audience", "is the url of a [[server]], which takes call tokens alone; write another");
  if (!config.issuer) return;
  const auto base = config.issuer->substr(0, config.issuer->size() - (config.issuer->ends_with('/') ? 1 : 0));
  if (audience == *config.issuer || audience == base || audience == base + "/oauth2/token" ||
      audience == federation_issuer(*config.issuer))
    section.mistake("audience", "is this daemon itself; write what the relying party wants as aud");
}

std::vector<std::string> read_agents(const ConfigSection& section, const Config& config) {
  std::vector<std::string> agents;
  const auto& known = config.roles.agents;
  for (const auto& item : section.strings("agents")) {
    if (!is_taken(known, &AgentEntry::name, item.text))
      section.mistake_at(item.line, "agents", not_configured(known, &AgentEntry::name, item.text, "agent"));
    agents.push_back(item.text);
  }
  if (section.has("agents") && agents.empty())
    section.mistake("agents", "is empty; write names of agents, or remove the entry");
  return agents;
}

RelyingParty read_party(const ConfigSection& section, const Config& config, const std::vector<RelyingParty>& earlier) {
  RelyingParty party;
  party.name = text_that(is_entry_name, section, "name",
                         "is no entry's name; write up to 128 visible ASCII characters without a space")
                   .value_or("");
  if (is_taken(earlier, &RelyingParty::name, party.name))
    section.mistake("name", "is the name of an earlier relying_party; write another");
  if (!config.issuer)
    section.mistake("name",
                    "needs issuer, the https URL that the relying party trusts; write issuer = \"https://...\" above "
                    "the first [section]");
  party.audience = text_that(is_audience, section, "audience",
                             "is no audience; write up to 256 visible ASCII characters, what the party wants as aud")
                       .value_or("");
  check_audience(section, party.audience, config);
  party.agents = read_agents(section, config);
  const auto is_alg = [](std::string_view text) { return text == "RS256" || text == "ES256"; };
  if (text_that(is_alg, section, "alg", "is no algorithm of relying parties; write \"RS256\" or \"ES256\"") == "ES256")
    party.algorithm = Algorithm::es256;
  party.ttl_s = section.integer_or("ttl_s", party.ttl_s);
  party.rate_per_min = section.integer_or("rate_per_min", party.rate_per_min);
  return party;
}

}  // namespace

std::vector<RelyingParty> read_relying_parties(const ConfigNode& root, const Config& config, Mistakes& mistakes) {
  std::vector<RelyingParty> all;
  for (const auto* table : sections_of(root, section_name, true, mistakes))
    all.push_back(read_party(ConfigSection(section_name, *table, mistakes), config, all));
  return all;
}

}  // namespace jeton
