// Is the assertion on the page about OAuth one that is believed?
#include "support/trust_fixture.hpp"
#include "unit/docs/doc_text.hpp"

namespace jeton::test {

TEST_CASE("the assertion on the page about oauth proves who sends it") {
  using namespace testing;
  const auto json = between(text_of(in_tree("docs/oauth.md")), "```json\n", "```");
  REQUIRE(json.size() == 4);
  TrustFixture given({{{ProvenClient::Part::agent, billing, set_of(eddsa_key(), "b1")}}, {}});
  auto claims = Json::parse(json[2]);
  claims["exp"] = claims["exp"].get<std::int64_t>() - claims["iat"].get<std::int64_t>() + given.now_s();
  claims["iat"] = given.now_s();
  const auto assertion = [&] { return signed_jwt(Json::parse(json[1]).dump(), claims.dump(), eddsa_key()); };
  CHECK(given.authenticate(assertion())->name == billing);
  claims["aud"] = "https://jeton.acme.example/oauth2/introspect";
  claims["jti"] = "another";
  CHECK_FALSE(given.authenticate(assertion()));
}

}  // namespace jeton::test
