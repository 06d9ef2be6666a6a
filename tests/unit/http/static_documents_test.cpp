// Discovery documents as files: at the paths of the standards, with the keys of the daemon and no endpoint.
#include "http/static_documents.hpp"

#include <map>

#include "jeton/key.hpp"
#include "support/catch.hpp"
#include "support/forge.hpp"

namespace {

using jeton::Json;
using jeton::static_documents;

const Json jwks{{"keys", Json::array({jeton::forge::issuer_key().verifying_key().jwk()})}};

std::map<std::string, Json> files_of(std::string_view issuer) {
  std::map<std::string, Json> files;
  const auto documents = static_documents(issuer, jwks);
  REQUIRE(documents);
  for (const auto& file : *documents) files[file.path] = Json::parse(file.text);
  return files;
}

}  // namespace

TEST_CASE("static documents stand at the well-known paths of an issuer and the keys beside them") {
  const auto files = files_of("https://jeton.example");
  REQUIRE(files.size() == 3);
  CHECK(files.at("jwks") == jwks);
  const auto& openid = files.at(".well-known/openid-configuration");
  CHECK(openid.at("issuer") == "https://jeton.example");
  CHECK(openid.at("jwks_uri") == "https://jeton.example/jwks");
  CHECK(openid.at("subject_types_supported") == Json{"public"});
  CHECK(openid.at("id_token_signing_alg_values_supported") == Json{"EdDSA"});
  CHECK(openid.contains("response_types_supported"));
  CHECK(openid.contains("authorization_endpoint"));
  const auto& server = files.at(".well-known/oauth-authorization-server");
  CHECK(server.at("issuer") == "https://jeton.example");
  for (const auto* document : {&openid, &server}) CHECK_FALSE(document->contains("token_endpoint"));
}

TEST_CASE("the path of an issuer stands behind one well-known name and before the other") {
  const auto files = files_of("https://example.com/agents/jeton");
  CHECK(files.count("agents/jeton/jwks") == 1);
  CHECK(files.count("agents/jeton/.well-known/openid-configuration") == 1);
  CHECK(files.count(".well-known/oauth-authorization-server/agents/jeton") == 1);
  CHECK(files.at("agents/jeton/.well-known/openid-configuration").at("jwks_uri") ==
        "https://example.com/agents/jeton/jwks");
  CHECK(files_of("https://example.com/").at(".well-known/openid-configuration").at("issuer") == "https://example.com/");
  CHECK(files_of("https://example.com/").count("jwks") == 1);
}

TEST_CASE("keys come first so that no document names keys that are not there") {
  const auto documents = static_documents("https://jeton.example", jwks);
  REQUIRE(documents);
  CHECK(documents->front().path == "jwks");
}

TEST_CASE("an issuer that is no place for files gives none") {
  for (const char* issuer :
       {"urn:uuid:60f93562-d4be-490c-9f74-29d21ce36901", "", "https://", "ftp://x.example", "https://x.example/../y",
        "https://x.example/./y", "https://x.example//y", "https://x.example/y/", "https://x.example/.hidden",
        "https://x.example/%2e%2e/y", "https://x.example/y?z", "https://x.example#y", "mcp:stdio:files"}) {
    INFO(issuer);
    const auto documents = static_documents(issuer, jwks);
    REQUIRE_FALSE(documents);
    CHECK(documents.error().code == jeton::Code::bad_request);
  }
}
