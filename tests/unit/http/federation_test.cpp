// The door of federation tokens and the documents that relying parties find their keys by.
#include "http/static_documents.hpp"
#include "support/oauth_fixture.hpp"

namespace {

using namespace jeton;
using namespace jeton::testing;

struct Federating : OAuthFixture {
  Federating() { REQUIRE(company.federation.want({Algorithm::es256})); }
  Job ask(uid_t uid, const std::string& body = R"({"relying_party":"backup-bucket"})") {
    return send({{"POST", "/v1/federation", "application/json", body}, caller_of(uid)});
  }
  void without_relying_parties() {
    auto entries = company.roles.entries();
    entries.relying_parties.clear();
    company.roles = Roles(entries);
  }
};

std::set<std::string> kids_of(const Json& jwks) {
  std::set<std::string> kids;
  for (const auto& key : jwks.at("keys")) kids.insert(key.at("kid"));
  return kids;
}

constexpr const char* jwks_path = "/federation/jwks";
constexpr const char* openid_path = "/federation/.well-known/openid-configuration";

}  // namespace

TEST_CASE("the answer says that a federation token is reusable and until when") {
  Federating door;
  const auto job = door.ask(billing);
  REQUIRE(job.response.status == 200);
  CHECK_FALSE(job.response.may_cache);
  const auto body = body_of(job);
  CHECK(body["reusable"] == true);
  CHECK(body["relying_party"] == "backup-bucket");
  CHECK(body["audience"] == sts);
  CHECK(body["expires_at"] == door.company.clock.wall_us() / us_per_s + 300);
  CHECK(body["log_index"] == door.company.memory.size() - 1);
  CHECK(door.last().token_sha256 == sha256(body["token"].get<std::string>()));
}

TEST_CASE("a body that is not exactly the name of a relying party is refused") {
  Federating door;
  for (const char* body : {"", "[]", "{}", R"({"relying_party":7})", R"({"relying_party":""})",
                           R"({"relying_party":"backup-bucket","audience":"https://evil.example"})",
                           R"({"relying_party":"backup-bucket","relying_party":"backup-bucket"})"}) {
    CAPTURE(body);
    CHECK(code_of(door.ask(billing, body)) == "bad_request");
  }
  CHECK(door.company.count(EventKind::federation_minted) == 0);
}

TEST_CASE("the federation documents show federation keys alone and the others none of them") {
  Federating door;
  const auto federation = kids_of(body_of(door.get(jwks_path)));
  CHECK(federation.size() == 1);
  for (const char* path : {"/v1/jwks", "/oauth2/jwks"}) {
    const auto call = kids_of(body_of(door.get(path)));
    CHECK_FALSE(call.empty());
    for (const auto& kid : federation) CHECK(call.count(kid) == 0);
  }
}

TEST_CASE("a relying party finds the federation keys by the issuer in its tokens") {
  Federating door;
  for (const bool over_network : {true, false}) {
    const auto job = door.get(openid_path, over_network);
    REQUIRE(job.response.status == 200);
    CHECK(job.response.may_cache);
    const auto document = body_of(job);
    CHECK(document["issuer"] == "https://issuer.example/federation");
    CHECK(document["jwks_uri"] == "https://issuer.example/federation/jwks");
    CHECK(document["id_token_signing_alg_values_supported"] == Json::array({"ES256"}));
    const auto jwks = door.get(jwks_path, over_network);
    CHECK(jwks.response.content_type == "application/jwk-set+json");
    CHECK(jwks.response.may_cache);
  }
  CHECK(body_of(door.get("/.well-known/openid-configuration"))["issuer"] == test_issuer);
}

TEST_CASE("without a relying party there is no federation document and no federation token") {
  Federating door;
  door.without_relying_parties();
  CHECK(door.get(jwks_path).response.status == 404);
  CHECK(door.get(openid_path).response.status == 404);
  CHECK(code_of(door.ask(billing)) == "unknown_server");
}

TEST_CASE("over the network nobody is given a federation token") {
  Federating door;
  Job job{{"POST", "/v1/federation", "application/json", R"({"relying_party":"backup-bucket"})"},
          OAuthFixture::from_network()};
  job.caller.socket = job.request.host = "192.0.2.1:8470";
  door.both->screen(job);
  CHECK(job.fault_status == 404);
  CHECK(door.send(std::move(job)).response.status == 404);
  CHECK_FALSE(serves_network("/v1/federation"));
  CHECK(serves_network(jwks_path));
  CHECK(serves_network(openid_path));
  CHECK(door.company.count(EventKind::federation_minted) == 0);
}

TEST_CASE("exported federation documents name the issuer of federation tokens and its keys") {
  Federating door;
  const auto files = static_documents(federation_issuer(test_issuer), door.company.federation.jwks());
  REQUIRE(files);
  std::map<std::string, Json> by_path;
  for (const auto& file : *files) by_path[file.path] = Json::parse(file.text);
  CHECK(by_path.at("federation/jwks") == body_of(door.get(jwks_path)));
  CHECK(by_path.at("federation/.well-known/openid-configuration") == body_of(door.get(openid_path)));
}
