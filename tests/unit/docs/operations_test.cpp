// Does the operations page state the lifetimes that the code has?
#include <algorithm>

#include "app/config.hpp"
#include "app/doctor.hpp"
#include "identity/certifier.hpp"
#include "identity/keyring.hpp"
#include "identity/trusted_clients.hpp"
#include "jeton/client.hpp"
#include "jeton/federation_token.hpp"
#include "jeton/redemption_key.hpp"
#include "jeton/token.hpp"
#include "support/catch.hpp"
#include "unit/docs/doc_text.hpp"

namespace jeton::test {
namespace {

/// The row of the table of lifetimes that begins so.
std::string row(const std::string& what) {
  for (const auto& line : lines_of(text_of(in_tree("docs/operations.md"))))
    if (line.starts_with("| " + what + " |")) return line;
  return "";
}

std::string default_of(std::string_view section, std::string_view key) {
  const auto keys = config_keys();
  const auto found =
      std::find_if(keys.begin(), keys.end(), [&](const auto& one) { return one.section == section && one.key == key; });
  return found == keys.end() ? "no such key" : std::string(found->default_value);
}

/// The number of a constant that stands in a source file: "name{60}" or "name = 60".
std::string constant(const std::string& file, const std::string& name) {
  const auto text = text_of(in_tree(file));
  const auto at = text.find(name);
  if (at == text.npos) return "no such constant";
  const auto begin = text.find_first_of("0123456789", at + name.size());
  return text.substr(begin, text.find_first_not_of("0123456789", begin) - begin);
}

}  // namespace

TEST_CASE("every lifetime of the operations page is that of the code") {
  const auto says = [](const std::string& what, const std::string& number, const std::string& unit) {
    INFO(what << ": " << number << unit);
    CHECK(row(what).find(" " + number + unit) != std::string::npos);
  };
  const auto skew_and_window = repeat_window_s + token_skew_s;
  says("a token", default_of("grant", "ttl_s"), " s");
  says("a token", std::to_string(token_lifetime_max_s), " s");
  says("a repeated answer to the same redemption", std::to_string(repeat_window_s), " s");
  says("a token key", std::to_string(Keyring::rotation_us / us_per_s), " s");
  says("a token key's certificate", std::to_string(Certifier::key_certificate_s), " s");
  says("a daemon's certificate", constant("sidecar/cli/commands.hpp", "int days"), " days");
  says("a daemon's certificate", constant("sidecar/cli/parse_domain.cpp", "Range(1"), " (`--days`)");
  says("a federation token", default_of("relying_party", "ttl_s"), " s");
  says("a federation token", std::to_string(federation_lifetime_max_s), " s");
  says("exported keys", std::to_string(2 * Keyring::rotation_us / us_per_s), " s");
  says("a verifier's copy of the keys", constant("sdk/src/verifier/verifier.cpp", "keys_good_for"), " s");
  says("a verifier's copy of the keys", constant("sdk/src/verifier/verifier.cpp", "refetch_pause"), " s");
  says("the offline replay store", std::to_string(skew_and_window), " s");
  says("a connection", default_of("limits", "idle_s"), " s");
  says("a request", default_of("limits", "request_s"), " s");
  says("a TLS handshake", default_of("limits", "request_s"), " s");
  says("the TLS certificate", std::to_string(ends_soon_s / 86'400), " days before");
  says("key sets and metadata in caches of HTTP", constant("sidecar/http/request_reader.cpp", "max-age"), " s");
  says("a request", std::to_string(ClientOptions{}.deadline.count()), " ms");
  says("a token of a trusted issuer", std::to_string(TrustedIssuer::identity_age_max_s), " s");
  says("a token of a trusted issuer", std::to_string(TrustedIssuer::subject_age_max_s), " s");
  says("a client's own assertion", std::to_string(TrustedClients::assertion_age_max_s), " s");
  says("a client's own assertion", std::to_string(jwt_skew_s), " s");
  says("what assertions were used", std::to_string(UsedAssertions::of_one_client_max), " a client");
  says("an issuer's keys from a URL", std::to_string(IssuerKeys::fresh_us / us_per_s), " s");
  says("an issuer's keys from a URL", std::to_string(IssuerKeys::between_tries_us / us_per_s), " s");
  says("an issuer's keys from a URL", std::to_string(IssuerKeys::kept_us / us_per_s / 3600), " h");
  CHECK(row("no such row").empty());
}

TEST_CASE("the operations page names only keys and files that there are") {
  const auto text = text_of(in_tree("docs/operations.md"));
  for (const char* file : {"executables.conf", "network.conf", "jeton.toml"}) {
    INFO(file);
    CHECK(text.find(file) != text.npos);
    CHECK(std::filesystem::exists(in_tree(std::string("sidecar/install/") + file)));
  }
  for (const char* key :
       {"ttl_s", "idle_s", "request_s", "max_attempts", "checkpoint_places", "reserve_bytes", "max_age_s"}) {
    INFO(key);
    CHECK(text.find(std::string("`") + key) != text.npos);
    const auto keys = config_keys();
    CHECK(std::any_of(keys.begin(), keys.end(), [&](const auto& one) { return one.key == key; }));
  }
}

}  // namespace jeton::test
