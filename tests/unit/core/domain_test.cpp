// The chain from a pinned root to a token key: what it accepts is exactly what both certificates say.
#include "jeton/domain.hpp"

#include "support/catch.hpp"
#include "support/foreign_issuer.hpp"
#include "support/trust_domain.hpp"

namespace {

namespace forge = jeton::forge;
using jeton::DomainRoot;
using jeton::Json;
using jeton::KeySet;
using jeton::testing::certified_jwks;
using jeton::testing::domain_now_s;
using jeton::testing::domain_now_us;
using jeton::testing::entry_of;
using jeton::testing::jwks_with;
using jeton::testing::patched_certificate;
using jeton::testing::TrustDomain;

std::string code_of(const Json& document, const DomainRoot& root, std::int64_t now_us = domain_now_us) {
  const auto set = KeySet::from_certified_jwks(document, root, now_us);
  return set ? "ok" : std::string(name_of(set.error().code));
}

/// The answer to a good token's key with this chain, asked at the good time.
std::string code_of_chain(const Json& chain, const TrustDomain& domain = {}) {
  return code_of(certified_jwks(chain), domain.root());
}

/// With one of the two certificates changed and properly signed again.
std::string code_with_key_claims(std::string_view patch, std::string_view header = "{}") {
  const TrustDomain domain;
  return code_of_chain(Json::array(
      {patched_certificate(domain.key_certificate(), domain.identity, patch, header), domain.daemon_certificate()}));
}
std::string code_with_daemon_claims(std::string_view patch, std::string_view header = "{}") {
  const TrustDomain domain;
  return code_of_chain(Json::array(
      {domain.key_certificate(), patched_certificate(domain.daemon_certificate(), domain.root_key, patch, header)}));
}

}  // namespace

TEST_CASE("a key with a good chain is accepted and what it may sign is known") {
  const TrustDomain domain;
  const auto set = KeySet::from_certified_jwks(certified_jwks(domain.chain()), domain.root(), domain_now_us);
  REQUIRE(set);
  REQUIRE(set->keys().size() == 1);
  const auto* certified = set->certified(forge::issuer_key().verifying_key().kid());
  REQUIRE(certified != nullptr);
  CHECK(certified->trust_domain == "acme.example");
  CHECK(certified->issuer == forge::issuer);
  CHECK(certified->from_s == domain.of_key.from_s);
  CHECK(certified->until_s == domain.of_key.until_s);
}

TEST_CASE("keys of every algorithm are certified alike") {
  const TrustDomain domain;
  for (const auto* key : {&jeton::testing::es256_key(), &jeton::testing::rs256_key()})
    CHECK(code_of(jwks_with({entry_of(*key, domain.chain(*key))}), domain.root()) == "ok");
}

TEST_CASE("a chain of another root is refused whatever that root calls itself") {
  const TrustDomain domain;
  const auto stranger = forge::key_named("another root");
  CHECK(code_of(certified_jwks(domain.chain()), {"acme.example", stranger.verifying_key()}) == "unknown_key");
  const auto forged = patched_certificate(domain.daemon_certificate(), stranger, "{}");
  CHECK(code_of_chain(Json::array({domain.key_certificate(), forged})) == "bad_signature");
}

TEST_CASE("a root is pinned with its trust domain and vouches for no other") {
  const TrustDomain domain;
  CHECK(code_of(certified_jwks(domain.chain()), {"other.example", domain.root_key.verifying_key()}) == "wrong_issuer");
  CHECK(code_with_daemon_claims(R"({"iss":"spiffe://other.example"})") == "wrong_issuer");
  CHECK(code_with_daemon_claims(R"({"iss":"https://acme.example"})") == "bad_token");
}

TEST_CASE("certificates are good from their beginning to their end and five seconds around") {
  const TrustDomain domain;
  const auto document = certified_jwks(domain.chain());
  const auto at = [&](std::int64_t s) { return code_of(document, domain.root(), s * 1'000'000); };
  CHECK(at(domain.of_key.from_s - 6) == "not_yet_valid");
  CHECK(at(domain.of_key.from_s - 5) == "ok");
  CHECK(at(domain.of_key.until_s + 4) == "ok");
  CHECK(at(domain.of_key.until_s + 5) == "expired");

  TrustDomain short_lived;
  short_lived.of_daemon = {domain_now_s - 50, domain_now_s + 50};
  const auto outer = certified_jwks(short_lived.chain());
  CHECK(code_of(outer, short_lived.root(), (domain_now_s + 55) * 1'000'000) == "expired");
  CHECK(code_of(outer, short_lived.root(), (domain_now_s - 56) * 1'000'000) == "not_yet_valid");
  const auto set = KeySet::from_certified_jwks(outer, short_lived.root(), domain_now_us);
  REQUIRE(set);
  CHECK(set->certified(forge::issuer_key().verifying_key().kid())->until_s == domain_now_s + 50);
}

TEST_CASE("a certificate for another daemon or another key lends nothing") {
  const TrustDomain domain;
  const auto other = R"({"sub":"spiffe://acme.example/jetond/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"})";
  CHECK(code_with_daemon_claims(other) == "wrong_issuer");
  CHECK(code_with_key_claims(other) == "wrong_issuer");
  CHECK(code_with_key_claims(R"({"iss":"spiffe://acme.example"})") == "wrong_issuer");
  CHECK(code_of_chain(domain.chain(forge::key_named("another token key"))) == "unknown_key");

  // A key certificate of one daemon below the certificate of another.
  TrustDomain neighbour;
  neighbour.identity = forge::key_named("another daemon of acme.example");
  neighbour.daemon.key = neighbour.identity.verifying_key();
  CHECK(code_of_chain(Json::array({domain.key_certificate(), neighbour.daemon_certificate()})) == "unknown_key");
}

TEST_CASE("a chain is two certificates in one order and each is good for its own place alone") {
  const TrustDomain domain;
  const auto key = domain.key_certificate(), daemon = domain.daemon_certificate();
  for (const auto& chain :
       {Json::array(), Json::array({key}), Json::array({daemon}), Json::array({key, key, daemon}),
        Json::array({key, daemon, daemon}), Json(key + daemon), Json::object(), Json(), Json::array({key, 7}),
        Json::array({Json::object(), daemon}), Json::array({Json::array({key}), daemon})})
    CHECK(code_of_chain(chain) == "bad_token");
  CHECK(code_of_chain(Json::array({daemon, key})) == "unknown_key");
  CHECK(code_of_chain(Json::array({key, key})) == "unknown_key");
  CHECK(code_of_chain(Json::array({daemon, daemon})) == "unknown_key");
}

TEST_CASE("a key certificate is no daemon certificate even where the root signed it") {
  // given: a root that signs whatever is shown to it
  const TrustDomain domain;
  const auto root_signed = patched_certificate(domain.key_certificate(domain.identity), domain.root_key, "{}",
                                               R"({"kid":")" + domain.root_key.verifying_key().kid() + R"("})");
  CHECK(code_of_chain(Json::array({domain.key_certificate(), root_signed})) == "bad_token");
  CHECK(code_with_daemon_claims(R"({"jeton_use":"call-token"})") == "bad_token");
  CHECK(code_with_key_claims(R"({"jeton_use":"daemon"})") == "bad_token");
  CHECK(code_with_key_claims(R"({"jeton_use":null})") == "bad_token");
}

TEST_CASE("a token key certifies no other key") {
  // given: whoever stole a token key, which is certified, and signs certificates with it
  const TrustDomain domain;
  const auto stolen = forge::key_named("a stolen token key");
  const auto own = forge::key_named("the thief's key");
  jeton::DaemonIdentity thief{"acme.example", std::string(forge::issuer), stolen.verifying_key()};
  const auto below = certify_key(own.verifying_key(), thief, stolen, domain.of_key);
  const auto stolen_certificate = domain.key_certificate(stolen);
  CHECK(code_of(jwks_with({entry_of(own, Json::array({below, stolen_certificate}))}), domain.root()) == "unknown_key");
  CHECK(code_of(jwks_with({entry_of(own, Json::array({below, domain.daemon_certificate()}))}), domain.root()) ==
        "unknown_key");
  CHECK(code_of(jwks_with({entry_of(own, Json::array({below, stolen_certificate, domain.daemon_certificate()}))}),
                domain.root()) == "bad_token");
}

TEST_CASE("the algorithm of a certificate is that of its signer and says nothing else") {
  for (const char* alg : {"none", "HS256", "ES256", "RS256", "Ed25519", ""}) {
    const auto header = R"({"alg":")" + std::string(alg) + R"("})";
    CHECK(code_with_daemon_claims("{}", header) == "bad_token");
    CHECK(code_with_key_claims("{}", header) == "bad_token");
  }
  for (const char* alg : {R"("ES256")", R"("none")", R"("Ed25519")", "null", "7"}) {
    const auto claims = R"({"cnf":{"jwk":{"alg":)" + std::string(alg) + "}}}";
    CHECK(code_with_key_claims(claims) == "bad_token");
    CHECK(code_with_daemon_claims(claims) == "bad_token");
  }
  // A daemon's identity is an Ed25519 key and no other.
  const TrustDomain domain;
  const auto jwk = jeton::testing::es256_key().verifying_key().jwk();
  Json claims{
      {"cnf", {{"jwk", {{"kty", "EC"}, {"crv", "P-256"}, {"x", jwk["x"]}, {"y", jwk["y"]}, {"alg", "ES256"}}}}}};
  CHECK(code_with_daemon_claims(claims.dump()) == "bad_token");
}

TEST_CASE("RFC 8725 section 3.11: a certificate of another type or with other members is refused") {
  for (const char* header :
       {R"({"typ":"at+jwt"})", R"({"typ":"JWT"})", R"({"typ":null})", R"({"kid":null})", R"({"crit":["exp"]})",
        R"({"jwk":{}})", R"({"jku":"https://evil.example"})", R"({"x5c":[]})"}) {
    CHECK(code_with_daemon_claims("{}", header) == "bad_token");
    CHECK(code_with_key_claims("{}", header) == "bad_token");
  }
  for (const char* claims :
       {R"({"aud":"x"})", R"({"iss":null})", R"({"sub":null})", R"({"exp":null})", R"({"nbf":null})", R"({"iat":null})",
        R"({"cnf":null})", R"({"cnf":{"jku":"x"}})", R"({"cnf":{"jwk":{"kid":"x"}}})", R"({"cnf":{"jwk":{"d":"x"}}})",
        R"({"exp":"1790009999"})", R"({"exp":1.5})", R"({"nbf":-1})", R"({"exp":9007199254740992})", R"({"exp":1})"}) {
    CHECK(code_with_daemon_claims(claims) == "bad_token");
    CHECK(code_with_key_claims(claims) == "bad_token");
  }
  CHECK(code_with_daemon_claims(R"({"jeton_issuer":null})") == "bad_token");
  CHECK(code_with_key_claims(R"({"jeton_issuer":"https://issuer.example"})") == "bad_token");
  CHECK(code_with_key_claims("{}", R"({"typ":"application/WIT+JWT"})") == "ok");
}

TEST_CASE("a certificate that lives longer than one may is refused") {
  const auto ends = [](std::int64_t s) { return R"({"exp":)" + std::to_string(s) + "}"; };
  const TrustDomain domain;
  CHECK(code_with_key_claims(ends(domain.of_key.from_s + jeton::key_certificate_max_s)) == "ok");
  CHECK(code_with_key_claims(ends(domain.of_key.from_s + jeton::key_certificate_max_s + 1)) == "bad_token");
  CHECK(code_with_daemon_claims(ends(domain.of_daemon.from_s + jeton::daemon_certificate_max_s)) == "ok");
  CHECK(code_with_daemon_claims(ends(domain.of_daemon.from_s + jeton::daemon_certificate_max_s + 1)) == "bad_token");
}

TEST_CASE("no single changed byte leaves a chain good") {
  const TrustDomain domain;
  const auto key = domain.key_certificate(), daemon = domain.daemon_certificate();
  for (std::size_t i = 0; i < key.size(); i += 3) {
    auto changed = key;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    CHECK(code_of_chain(Json::array({changed, daemon})) != "ok");
  }
  for (std::size_t i = 0; i < daemon.size(); i += 3) {
    auto changed = daemon;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    CHECK(code_of_chain(Json::array({key, changed})) != "ok");
  }
  for (const auto& odd : {key + "=", key + "\n", " " + key, key.substr(0, key.size() - 1), std::string(5000, 'A'),
                          std::string("a.b"), std::string(".."), std::string()})
    CHECK(code_of_chain(Json::array({odd, daemon})) == "bad_token");
}

TEST_CASE("a daemon's request is proved by its key and names no other daemon") {
  const TrustDomain domain;
  const auto request = sign_daemon_request(domain.daemon, domain.identity);
  const auto read = jeton::read_daemon_request(request);
  REQUIRE(read);
  CHECK(read->id() == domain.daemon.id());
  CHECK(read->issuer == forge::issuer);
  const auto code_with = [&](std::string_view claims, const jeton::SigningKey& key, std::string_view header = "{}") {
    const auto changed = jeton::read_daemon_request(patched_certificate(request, key, claims, header));
    return changed ? "ok" : std::string(name_of(changed.error().code));
  };
  CHECK(code_with("{}", domain.identity) == "ok");
  CHECK(code_with("{}", forge::key_named("a stranger")) == "bad_signature");
  CHECK(code_with(R"({"sub":"spiffe://acme.example/jetond/x"})", domain.identity) == "bad_token");
  CHECK(code_with(R"({"sub":"spiffe://acme.example"})", domain.identity) == "bad_token");
  CHECK(code_with(R"({"sub":"x"})", domain.identity) == "bad_token");
  CHECK(code_with(R"({"more":1})", domain.identity) == "bad_token");
  CHECK(code_with("{}", domain.identity, R"({"typ":"wit+jwt"})") == "bad_token");
  CHECK_FALSE(jeton::read_daemon_request(domain.daemon_certificate()));
  CHECK_FALSE(jeton::read_daemon_certificate(request));
}

TEST_CASE("a pinned key has one spelling") {
  const TrustDomain domain;
  const auto text = domain.root().text();
  CHECK(text.starts_with("jeton-domain+acme.example+"));
  const auto read = DomainRoot::parse(text);
  REQUIRE(read);
  CHECK(read->text() == text);
  CHECK(read->key().kid() == domain.root_key.verifying_key().kid());
  for (const auto& other :
       {std::string(), text + "=", text.substr(0, text.size() - 1), " " + text, "jeton+" + text.substr(13),
        std::string("jeton-domain+acme.example"), "jeton-domain+Acme.example+" + text.substr(26),
        "jeton-domain++" + text.substr(26), "jeton-domain+a+b+" + text.substr(26)}) {
    INFO(other);
    CHECK_FALSE(DomainRoot::parse(other));
  }
  CHECK_THROWS(DomainRoot("acme.example", jeton::testing::es256_key().verifying_key()));
  CHECK_THROWS(DomainRoot("Acme", domain.root_key.verifying_key()));
}
