// From texts to keys, certificates and issuers, and what would make somebody an agent by mistake.
#include "app/config_clients.hpp"

#include <algorithm>
#include <array>

#include "app/config_forms.hpp"
#include "jeton/base64url.hpp"
#include "outbound/fetch.hpp"

namespace jeton {

namespace {

constexpr std::string_view section_name = "trusted_issuer";

bool is_certificate(std::string_view text) {
  constexpr std::string_view pinned = "sha256:", uri = "URI:", dns = "DNS:";
  if (text.starts_with(pinned)) {
    std::array<unsigned char, 32> digest{};
    return from_base64url(text.substr(pinned.size()), digest);
  }
  const bool visible = text.size() <= 2048 && std::all_of(text.begin(), text.end(), is_visible);
  if (text.starts_with(uri)) return visible && text.find(':', uri.size()) != text.npos;
  if (!text.starts_with(dns) || text.size() == dns.size()) return false;
  return text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-", dns.size()) == text.npos;
}

template <class Entry>
bool has_certificate(const std::vector<Entry>& entries, const std::string& certificate) {
  return std::any_of(entries.begin(), entries.end(), [&](const Entry& entry) {
    const auto& all = entry.proof.certificates;
    return std::find(all.begin(), all.end(), certificate) != all.end();
  });
}

bool is_line(std::string_view text) {
  return !text.empty() && text.size() <= 1024 && std::none_of(text.begin(), text.end(), is_control);
}

bool is_key_place(std::string_view text) { return is_absolute_path(text) || may_be_fetched(text); }

class IssuerReader {
 public:
  IssuerReader(const ConfigSection& section, const Config& config) : section_(section), config_(config) {}

  [[nodiscard]] TrustedIssuer read(const std::vector<TrustedIssuer>& earlier) const {
    TrustedIssuer entry;
    entry.name = text_that(is_entry_name, section_, "name",
                           "is no entry's name; write up to 128 visible ASCII characters without a space")
                     .value_or("");
    if (is_taken(earlier, &TrustedIssuer::name, entry.name))
      section_.mistake("name", "is the name of an earlier trusted_issuer; write another");
    read_place(entry);
    check_place(entry, earlier);
    entry.audience = text_that(is_line, section_, "audience", "is no audience; write what its tokens have as aud");
    read_claims(entry);
    read_use(entry);
    read_algs(entry);
    entry.max_age_s = section_.integer("max_age_s");
    return entry;
  }

 private:
  void read_place(TrustedIssuer& entry) const {
    entry.issuer = text_that([](std::string_view text) { return is_line(text) && text.find(' ') == text.npos; },
                             section_, "issuer", "is no issuer; write what its tokens have as iss")
                       .value_or("");
    entry.jwks = text_that(is_key_place, section_, "jwks",
                           "is no place of keys; write an https URL or an absolute path, http for 127.0.0.1, [::1] "
                           "and localhost alone")
                     .value_or("");
    entry.authorities =
        text_that(is_absolute_path, section_, "jwks_ca", "is no file's path; write an absolute one").value_or("");
    if (section_.has("jwks_ca") && !entry.jwks.starts_with("https://"))
      section_.mistake("jwks_ca", "is for an https URL in jwks; remove it");
  }

  /// An issuer has one set of keys, and nobody else has its name.
  void check_place(const TrustedIssuer& entry, const std::vector<TrustedIssuer>& earlier) const {
    if (config_.issuer && (*config_.issuer == entry.issuer || federation_issuer(*config_.issuer) == entry.issuer))
      section_.mistake("issuer", "is this daemon's own issuer, whose tokens prove no identity; write another");
    const auto is_same = [&](const TrustedIssuer& other) { return other.issuer == entry.issuer; };
    const auto other = std::find_if(earlier.begin(), earlier.end(), is_same);
    if (other != earlier.end() && (other->jwks != entry.jwks || other->authorities != entry.authorities))
      section_.mistake("jwks", "differs from an earlier entry of this issuer; write the same jwks and jwks_ca");
    if (is_taken(config_.roles.agents, &AgentEntry::spiffe_id, entry.issuer) ||
        is_taken(config_.roles.servers, &ServerEntry::url, entry.issuer))
      section_.mistake("issuer", "is also the name of an agent or a server, which signs for itself; write another");
  }

  void read_claims(TrustedIssuer& entry) const {
    for (const auto& item : section_.strings("claims")) {
      auto rule = ClaimRule::parse(item.text);
      if (rule)
        entry.claims.push_back(*std::move(rule));
      else
        section_.mistake_at(item.line, "claims", rule.error().message);
    }
    if (section_.has("claims") && section_.strings("claims").empty())
      section_.mistake("claims", "is empty; write equalities, or remove it");
    entry.sub_prefix =
        text_that(is_line, section_, "sub_prefix", "is no beginning of a sub; write one, or remove it").value_or("");
  }

  void read_use(TrustedIssuer& entry) const {
    const auto& agents = config_.roles.agents;
    if (const auto agent = read_reference(section_, "agent", agents, &AgentEntry::name); !agent.empty())
      entry.agent = spiffe_id_of(agent);
    for (const auto& item : section_.strings("delegates_to")) {
      if (is_taken(agents, &AgentEntry::name, item.text))
        entry.delegates_to.push_back(spiffe_id_of(item.text));
      else
        section_.mistake_at(item.line, "delegates_to", not_configured(agents, &AgentEntry::name, item.text, "agent"));
    }
    if (section_.has("delegates_to") && section_.strings("delegates_to").empty())
      section_.mistake("delegates_to", "is empty; write names of agents, or remove it");
    if (!section_.has("agent") && !section_.has("delegates_to"))
      section_.mistake("agent", "missing; write agent = \"...\", or delegates_to = [\"...\"]");
    if (section_.has("agent") && !section_.has("claims") && !section_.has("sub_prefix"))
      section_.mistake("agent",
                       "would be every workload of this issuer; write claims or sub_prefix that only this agent has");
  }

  [[nodiscard]] std::string spiffe_id_of(const std::string& agent) const {
    for (const auto& entry : config_.roles.agents)
      if (entry.name == agent) return entry.spiffe_id;
    return {};
  }

  void read_algs(TrustedIssuer& entry) const {
    if (!section_.has("algs")) return;
    entry.algs.clear();
    for (const auto& item : section_.strings("algs")) {
      const auto alg = algorithm_named(item.text);
      if (alg)
        entry.algs.push_back(*alg);
      else
        section_.mistake_at(item.line, "algs",
                            "holds what is no algorithm here; write \"EdDSA\", \"ES256\", \"RS256\"");
    }
    if (section_.strings("algs").empty()) section_.mistake("algs", "is empty; write algorithms, or remove it");
  }

  const ConfigSection& section_;
  const Config& config_;
};

}  // namespace

ClientProof read_proof(const ConfigSection& section, const Roles::Entries& earlier) {
  ClientProof proof;
  proof.keys = text_that(is_absolute_path, section, "keys", "is no file's path; write an absolute one");
  for (const auto& item : section.strings("certificate")) {
    const auto mistake = [&](std::string what) { section.mistake_at(item.line, "certificate", std::move(what)); };
    if (!is_certificate(item.text))
      mistake(
          "holds what names no certificate; write \"sha256:\" and the 43 characters of its x5t#S256, "
          "\"URI:spiffe://...\" or \"DNS:\" and a name in lower case");
    else if (has_certificate(earlier.agents, item.text) || has_certificate(earlier.servers, item.text))
      mistake("is the certificate of an earlier entry; one certificate is one client");
    proof.certificates.push_back(item.text);
  }
  if (section.has("certificate") && section.strings("certificate").empty())
    section.mistake("certificate", "is empty; write certificates, or remove it");
  return proof;
}

std::vector<TrustedIssuer> read_trusted_issuers(const ConfigNode& root, const Config& config, Mistakes& mistakes) {
  std::vector<TrustedIssuer> all;
  for (const auto* table : sections_of(root, section_name, true, mistakes)) {
    const ConfigSection section(section_name, *table, mistakes);
    all.push_back(IssuerReader(section, config).read(all));
  }
  return all;
}

bool can_prove_itself(const std::string& agent, const Config& config) {
  const auto& agents = config.roles.agents;
  const auto found = std::find_if(agents.begin(), agents.end(), [&](const auto& entry) { return entry.name == agent; });
  if (found == agents.end() || found->proof.is_given()) return found != agents.end();
  return std::any_of(config.trusted_issuers.begin(), config.trusted_issuers.end(),
                     [&](const TrustedIssuer& entry) { return entry.agent == found->spiffe_id; });
}

}  // namespace jeton
