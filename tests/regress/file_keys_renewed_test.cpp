// Keys of an issuer that stand in a file are renewed by a kid that is not among them, whatever else is configured.
#include <fstream>

#include <sys/stat.h>

#include "support/temp_dir.hpp"
#include "support/trust_fixture.hpp"

namespace jeton::testing {

TEST_CASE("keys of a file are read again for a kid that is not among them, whether or not any other issuer has a URL") {
  for (const bool with_url : {true, false}) {
    CAPTURE(with_url);
    const TempDir directory;
    const auto file = directory.path() / "cluster.jwks";
    const auto write = [&](const SigningKey& key, std::string_view kid) {
      std::ofstream(file) << jwks_of({jwk_of(key, kid)});
      REQUIRE(::chmod(file.c_str(), 0644) == 0);
    };
    TrustedIssuer cluster{"cluster", "https://cluster.example", file.string()};
    cluster.claims = rules({"sub=pod"});
    cluster.agent = billing;
    TrustedIssuer other{"other", "https://other.example", "https://other.example/jwks"};
    other.claims = rules({"sub=pod"});
    other.agent = deploy;
    write(es256_key(), "old");
    TrustFixture given({{}, with_url ? std::vector{cluster, other} : std::vector{cluster}});
    const auto token = [&](const SigningKey& key, std::string_view kid) {
      return jwt({{"iss", "https://cluster.example"},
                  {"sub", "pod"},
                  {"aud", our_issuer},
                  {"iat", given.now_s()},
                  {"exp", given.now_s() + 300}},
                 key, kid);
    };
    REQUIRE(given.agent_of(token(es256_key(), "old")));
    // when: the file is replaced (the old key was stolen) and nobody sends SIGHUP
    write(eddsa_key(), "new");
    // then: a token with the new kid brings the new file in (W12), and the old key is believed no more
    CHECK(given.agent_of(token(eddsa_key(), "new")));
    CHECK_FALSE(given.agent_of(token(es256_key(), "old")));
  }
}
}  // namespace jeton::testing
