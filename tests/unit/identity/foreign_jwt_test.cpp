// What is no JWT, whose signature counts, and when a genuine one is in time and for us.
#include "identity/foreign_jwt.hpp"

#include "identity/brought_jwt.hpp"
#include "jeton/clock.hpp"
#include "support/catch.hpp"
#include "support/foreign_issuer.hpp"

namespace jeton::testing {
namespace {

constexpr std::int64_t now_s = 1'790'000'000;

Json good_claims() {
  return {{"iss", "https://ci.example"}, {"sub", "repo:acme/app"}, {"aud", "https://jeton.example"},
          {"iat", now_s - 10},           {"exp", now_s + 300},     {"jti", "1"},
          {"environment", "production"}};
}

ForeignKeySet key_set(std::vector<Json> keys) {
  return ForeignKeySet::from_jwks(Json{{"keys", std::move(keys)}}).value();
}

const ForeignKeySet& all_keys() {
  static const auto keys = key_set({jwk_of(eddsa_key(), "ed"), jwk_of(es256_key(), "es"), jwk_of(rs256_key(), "rs")});
  return keys;
}

std::string with_claims(const Json& patch) { return jwt(patched(good_claims(), patch), eddsa_key(), "ed"); }
std::string with_header(const Json& patch) { return jwt(good_claims(), eddsa_key(), "ed", patch); }
std::string with_texts(std::string_view header, std::string_view payload) {
  return signed_jwt(header, payload, eddsa_key());
}

Code code_of(const std::string& text, const ForeignKeySet& keys = all_keys()) {
  const BroughtJwt brought(text);
  if (!brought.form()) return brought.form().error().code;
  const auto genuine = GenuineJwt::verify(*brought.form(), keys);
  return genuine ? Code::internal : genuine.error().code;
}
/// What `code_of` says of a JWT that nothing is wrong with.
constexpr auto good = Code::internal;

Result<void> time_of(const Json& patch, std::int64_t age_max_s = 3600) {
  const auto read = UnverifiedJwt::parse(with_claims(patch));
  REQUIRE(read);
  return read->claims_before_verification().in_time(now_s * us_per_s, age_max_s);
}

}  // namespace

TEST_CASE("a text that is no JWT in compact form is refused and never shown again") {
  const auto whole = with_claims({});
  const auto payload = whole.find('.') + 1, signature = whole.rfind('.') + 1;
  const auto replaced = [&](std::size_t at, const std::string& by) { return std::string(whole).replace(at, 1, by); };
  const std::vector<std::string> texts{
      "",
      ".",
      "..",
      "...",
      "a.b",
      "a.b.c",
      whole + ".",
      "." + whole,
      whole + ".x",
      whole + " ",
      "\n" + whole,
      whole + "=",
      whole + std::string(1, '\0'),
      whole.substr(0, payload) + whole.substr(signature - 1),
      whole.substr(0, signature),
      replaced(payload, "+"),
      replaced(payload, "/"),
      replaced(payload, "%2e"),
      "{\"payload\":\"e30\",\"signatures\":[]}",
      "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.a.b.c.d",
      std::string(jwt_bytes_max + 1, 'a'),
      with_texts("[]", good_claims().dump()),
      with_texts("\"alg\"", good_claims().dump()),
      with_texts(R"({"alg":"EdDSA","alg":"EdDSA","kid":"ed"})", good_claims().dump()),
      with_texts(R"({"alg":"EdDSA","kid":"ed"} )"
                 "x",
                 good_claims().dump()),
      with_texts(R"({"alg":"EdDSA","kid":"ed"})", "[]"),
      with_texts(R"({"alg":"EdDSA","kid":"ed"})", "null"),
      with_texts(R"({"alg":"EdDSA","kid":"ed"})", R"({"sub":"a","sub":"b","aud":"x","exp":1790000300})"),
      with_texts(R"({"alg":"EdDSA","kid":"ed"})", R"({"sub":"\ud800","aud":"x","exp":1790000300})"),
      with_texts(R"({"alg":"EdDSA","kid":"ed"})", R"({"sub":"a","aud":"x","exp":1790000300,"n":9007199254740993})"),
      with_claims({{"deep", Json::parse(std::string(20, '[') + std::string(20, ']'))}}),
  };
  for (const auto& text : texts) {
    CAPTURE(text);
    const auto read = UnverifiedJwt::parse(text);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == Code::bad_token);
    CHECK_THAT(read.error().message, Catch::StartsWith("the JWT "));
    CHECK(read.error().message.size() < 100);
  }
}

TEST_CASE("RFC 8725 sections 3.1 and 3.2: no header chooses how it is verified") {
  for (const char* alg : {"none", "None", "nOnE", "noNE", "", "HS256", "HS512", "RS512", "PS256", "ES384", "ES256K",
                          "eddsa", "EdDSA ", "Ed448", "RSA1_5", "dir"}) {
    CAPTURE(alg);
    CHECK(code_of(with_header({{"alg", alg}})) == Code::bad_token);
  }
  CHECK(code_of(with_header({{"alg", nullptr}})) == Code::bad_token);
  CHECK(code_of(with_header({{"alg", 1}})) == Code::bad_token);
  CHECK(code_of(with_header({{"alg", Json::array({"EdDSA"})}})) == Code::bad_token);
  // A key of one algorithm is none of another, whatever its kid.
  CHECK(code_of(with_header({{"alg", "ES256"}})) == Code::unknown_key);
  CHECK(code_of(with_header({{"alg", "RS256"}})) == Code::unknown_key);
  CHECK(code_of(with_header({{"alg", "ES256"}, {"kid", "es"}})) == Code::bad_signature);
}

TEST_CASE("RFC 8725 section 3.10: a header that brings keys or changes what is signed is refused") {
  for (const char* name : {"crit", "jwk", "jku", "x5c", "x5u", "b64", "zip", "cty"})
    for (const Json& value : {Json("x"), Json(true), Json(false), Json::array({"exp"}), Json::object()}) {
      CAPTURE(name, value);
      CHECK(code_of(with_header({{name, value}})) == Code::bad_token);
    }
  // What nobody here knows means nothing: GitHub sends x5t.
  CHECK(code_of(with_header({{"x5t", "abc"}, {"unknown", 1}})) == good);
}

TEST_CASE("only the key that the kid names is tried and without a kid there must be one alone") {
  const auto claims = good_claims();
  CHECK(code_of(jwt(claims, eddsa_key(), "ed")) == good);
  CHECK(code_of(jwt(claims, es256_key(), "es")) == good);
  CHECK(code_of(jwt(claims, rs256_key(), "rs")) == good);
  CHECK(code_of(jwt(claims, eddsa_key(), "ed", {{"alg", "Ed25519"}})) == good);  // RFC 9864

  CHECK(code_of(jwt(claims, eddsa_key(), "other")) == Code::unknown_key);
  CHECK(code_of(jwt(claims, eddsa_key(), "ED")) == Code::unknown_key);
  CHECK(code_of(with_header({{"kid", 1}})) == Code::bad_token);
  CHECK(code_of(with_header({{"kid", "a\nb"}})) == Code::bad_token);

  const auto no_kid = jwt(claims, es256_key(), "");
  const auto other = SigningKey::generate(Algorithm::es256);
  CHECK(code_of(no_kid) == good);
  CHECK(code_of(no_kid, key_set({jwk_of(es256_key(), "a"), jwk_of(other, "b")})) == Code::unknown_key);
  CHECK(code_of(no_kid, key_set({jwk_of(other, "a")})) == Code::bad_signature);
  CHECK(code_of(no_kid, key_set({jwk_of(es256_key(), "")})) == good);
  CHECK(code_of(jwt(claims, es256_key(), "a"), key_set({jwk_of(es256_key(), "")})) == Code::unknown_key);
}

TEST_CASE("a signature of another key or over other bytes or in another form does not verify") {
  const auto other = SigningKey::generate();
  CHECK(code_of(jwt(good_claims(), other, "ed")) == Code::bad_signature);
  for (const auto* key : {&eddsa_key(), &es256_key(), &rs256_key()}) {
    const auto kid = key == &eddsa_key() ? "ed" : key == &es256_key() ? "es" : "rs";
    const auto whole = jwt(good_claims(), *key, kid);
    const auto dot = whole.rfind('.');
    const auto signature = whole.substr(dot + 1);
    const auto signed_by = [&](const std::string& other_signature) {
      return whole.substr(0, dot + 1) + other_signature;
    };
    CAPTURE(kid);
    CHECK(code_of(signed_by(signature.substr(4))) == Code::bad_signature);
    CHECK(code_of(signed_by("AAAA" + signature)) == Code::bad_signature);
    CHECK(code_of(signed_by(std::string(signature.size(), 'A'))) == Code::bad_signature);
    CHECK(code_of(signed_by("AA")) == Code::bad_signature);
    CHECK(code_of(signed_by((signature[0] == 'A' ? "B" : "A") + signature.substr(1))) == Code::bad_signature);
    const auto payload = encoded(patched(good_claims(), {{"sub", "repo:evil/app"}}).dump());
    CHECK(code_of(whole.substr(0, whole.find('.') + 1) + payload + whole.substr(dot)) == Code::bad_signature);
  }
}

TEST_CASE("a claim that every use looks at has its form or the JWT is refused") {
  const std::vector<Json> patches{
      {{"sub", nullptr}},
      {{"sub", ""}},
      {{"sub", 5}},
      {{"sub", Json::array({"a"})}},
      {{"sub", std::string(513, 'a')}},
      {{"sub", "a\nb"}},
      {{"sub", std::string("a\0b", 3)}},
      {{"sub", "a\x7f"}},
      {{"iss", ""}},
      {{"iss", 5}},
      {{"iss", Json::array({"https://ci.example"})}},
      {{"aud", nullptr}},
      {{"aud", ""}},
      {{"aud", 5}},
      {{"aud", Json::array()}},
      {{"aud", Json::array({"a", 5})}},
      {{"aud", Json::array({Json::array({"a"})})}},
      {{"aud", Json::object()}},
      {{"aud", Json(std::vector<std::string>(17, "a"))}},
      {{"exp", nullptr}},
      {{"exp", "1790000300"}},
      {{"exp", 1790000300.5}},
      {{"exp", -1}},
      {{"exp", 1e300}},
      {{"exp", true}},
      {{"iat", "1790000000"}},
      {{"iat", -1}},
      {{"iat", now_s + 300}},
      {{"nbf", 1.5}},
      {{"nbf", now_s + 300}},
      {{"jti", ""}},
      {{"jti", 7}},
      {{"jti", std::string(1025, 'a')}},
  };
  for (const auto& patch : patches) {
    CAPTURE(patch);
    CHECK(code_of(with_claims(patch)) == Code::bad_token);
  }
  CHECK(code_of(with_claims({{"sub", std::string(512, 'a')}})) == good);
  CHECK(code_of(with_claims({{"sub", "Zoë"}, {"iss", nullptr}, {"iat", nullptr}, {"jti", nullptr}})) == good);
  CHECK(code_of(with_claims({{"aud", Json(std::vector<std::string>(16, "a"))}})) == good);
}

TEST_CASE("a JWT is in time from its nbf and iat until its exp with five seconds of skew") {
  CHECK(time_of({}));
  CHECK(time_of({{"exp", now_s + 1}}));
  CHECK(time_of({{"exp", now_s - 4}}));
  CHECK(time_of({{"exp", now_s - 5}}).error().code == Code::expired);
  CHECK(time_of({{"nbf", now_s + 5}}));
  CHECK(time_of({{"nbf", now_s + 6}}).error().code == Code::not_yet_valid);
  CHECK(time_of({{"iat", now_s + 5}}));
  CHECK(time_of({{"iat", now_s + 6}}).error().code == Code::not_yet_valid);
}

TEST_CASE("a JWT that lives longer than its use allows is refused") {
  CHECK(time_of({{"iat", now_s - 10}, {"exp", now_s + 50}}, 60));
  CHECK(time_of({{"iat", now_s - 10}, {"exp", now_s + 51}}, 60).error().code == Code::bad_token);
  CHECK(time_of({{"exp", now_s + 365 * 86'400}}).error().code == Code::bad_token);
  // Without iat only what is left can be counted.
  CHECK(time_of({{"iat", nullptr}, {"exp", now_s + 60}}, 60));
  CHECK(time_of({{"iat", nullptr}, {"exp", now_s + 61}}, 60).error().code == Code::bad_token);
}

TEST_CASE("an audience is one text byte for byte or one of a list") {
  const auto is_for = [](const Json& aud, bool alone) {
    const auto read = UnverifiedJwt::parse(with_claims({{"aud", aud}}));
    REQUIRE(read);
    return read->claims_before_verification().is_for("https://jeton.example", alone);
  };
  CHECK(is_for("https://jeton.example", true));
  CHECK(is_for(Json::array({"https://jeton.example"}), true));
  CHECK(is_for(Json::array({"https://other.example", "https://jeton.example"}), false));
  CHECK_FALSE(is_for(Json::array({"https://other.example", "https://jeton.example"}), true));
  CHECK_FALSE(is_for(Json::array({"https://jeton.example", "https://jeton.example"}), true));
  for (const char* other : {"https://jeton.example/", "https://JETON.example", "https://jeton.example.evil", "jeton"})
    CHECK_FALSE(is_for(other, false));
}

TEST_CASE("of many headers in turn each says what it says, and one that was refused stays so") {
  for (int round = 0; round < 3; ++round)
    for (int i = 0; i < 20; ++i) {
      const auto kid = std::to_string(i);
      const auto read = UnverifiedJwt::parse(with_header({{"kid", kid}, {"typ", i % 2 == 0 ? "JWT" : "at+jwt"}}));
      REQUIRE(read);
      CHECK(read->header().kid == kid);
      CHECK(read->header().typ == (i % 2 == 0 ? "jwt" : "at+jwt"));
      CHECK_FALSE(UnverifiedJwt::parse(with_header({{"kid", kid}, {"crit", Json::array({"x"})}})));
      CHECK(UnverifiedJwt::parse(with_header({{"kid", kid + std::string(600, 'k')}}))->header().kid->size() > 600);
    }
}

TEST_CASE("a typ is read without case and without application") {
  const auto typ_of = [](const Json& patch) { return UnverifiedJwt::parse(with_header(patch)).value().header().typ; };
  CHECK(typ_of({{"typ", nullptr}}).empty());
  CHECK(typ_of({{"typ", "JWT"}}) == "jwt");
  CHECK(typ_of({{"typ", "Application/AT+jwt"}}) == "at+jwt");
  CHECK(UnverifiedJwt::parse(with_header({})).value().header().is_plain);
  CHECK(UnverifiedJwt::parse(with_header({{"typ", nullptr}})).value().header().is_plain);
  CHECK(UnverifiedJwt::parse(with_header({{"kid", nullptr}})).value().header().is_plain);
  CHECK_FALSE(UnverifiedJwt::parse(with_header({{"x5t", "a"}})).value().header().is_plain);
}

TEST_CASE("a signature that was judged by some keys is judged anew by others") {
  const auto own = std::make_shared<const ForeignKeySet>(key_set({jwk_of(es256_key(), "e")}));
  const auto later = std::make_shared<const ForeignKeySet>(key_set({jwk_of(es256_key(), "other")}));
  const auto text = jwt(good_claims(), es256_key(), "e");
  const BroughtJwt brought(text);
  const auto* first = &brought.judged_by(own);
  CHECK(*first);
  CHECK(&brought.judged_by(own) == first);
  CHECK(brought.judged_by(later).error().code == Code::unknown_key);
  CHECK(brought.judged_by(own));

  auto changed = text;
  changed[text.size() - 10] = text[text.size() - 10] == 'A' ? 'B' : 'A';
  const BroughtJwt forged(changed);
  CHECK(forged.judged_by(own).error().code == Code::bad_signature);
  const auto copy = forged;
  CHECK(copy.judged_by(own).error().code == Code::bad_signature);
}

}  // namespace jeton::testing
