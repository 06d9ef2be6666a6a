// Do our own shared vectors hold, and are the files still what their cases make?
#include <fstream>
#include <iterator>

#include "jeton/offline_verifier.hpp"
#include "jeton/token.hpp"
#include "support/catch.hpp"
#include "support/fake_clock.hpp"
#include "support/memory_replay_store.hpp"
#include "support/places.hpp"
#include "vectors/digest_cases.hpp"
#include "vectors/leaf_cases.hpp"
#include "vectors/token_cases.hpp"

namespace {

using jeton::Code;
using jeton::Json;
using jeton::Result;

std::string path_of(const std::string& file) {
  return std::string(jeton::testing::source_dir) + "/tests/vectors/" + file;
}

std::string text_of(const std::string& file) {
  std::ifstream in(path_of(file), std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

template <class Case>
std::string document_of(const std::vector<Case>& cases) {
  Json vectors = Json::array();
  for (const auto& one : cases) vectors.push_back(one.json());
  return Json{{"vectors", vectors}}.dump(1) + "\n";
}

void write(const std::string& file, const std::string& text) {
  std::ofstream(path_of(file), std::ios::binary | std::ios::trunc) << text;
}

Result<jeton::ArgsDigest> digest_of(const Json& tool, const Json& arguments) {
  const auto parsed = jeton::parse_json(arguments.get<std::string>(), Code::bad_arguments);
  if (!parsed) return jeton::refuse(parsed.error());
  return jeton::args_digest(tool.get<std::string>(), *parsed);
}

/// What an offline verifier does before it burns: form, arguments, genuineness, expectation, time.
Result<void> judge(const Json& vector) {
  const auto& expect = vector["expect"];
  const auto keys = jeton::KeySet::from_jwks(vector["jwks"]);
  if (!keys) return jeton::refuse(keys.error());
  auto token = jeton::UnverifiedToken::parse(vector["token"].get<std::string>());
  if (!token) return jeton::refuse(token.error());
  const auto digest = digest_of(expect["tool"], expect["arguments"]);
  if (!digest) return jeton::refuse(digest.error());
  auto genuine = jeton::GenuineToken::verify(std::move(*token), *keys);
  if (!genuine) return jeton::refuse(genuine.error());
  const auto verified =
      jeton::VerifiedToken::check(std::move(*genuine), {expect["issuer"], expect["server"], expect["tool"], *digest});
  if (!verified) return jeton::refuse(verified.error());
  return verified->in_time(expect["now"].get<std::int64_t>() * 1'000'000);
}

template <class Value>
std::string result_of(const Result<Value>& result) {
  return result ? "ok" : std::string(jeton::name_of(result.error().code));
}

TEST_CASE("every token vector has its result") {
  const auto document = Json::parse(text_of("tokens.json"));
  REQUIRE(document["vectors"].size() > 100);
  for (const auto& vector : document["vectors"]) {
    CAPTURE(vector["name"]);
    CHECK(result_of(judge(vector)) == vector["result"].get<std::string>());
  }
}

TEST_CASE("every token vector has its result from an offline verifier and only a good one burns") {
  const auto document = Json::parse(text_of("tokens.json"));
  for (const auto& vector : document["vectors"]) {
    CAPTURE(vector["name"]);
    const auto& expect = vector["expect"];
    const auto clock = std::make_shared<jeton::testing::FakeClock>();
    clock->set_wall_back_s(clock->wall_us() / jeton::us_per_s - expect["now"].get<std::int64_t>());
    const auto store = std::make_shared<jeton::testing::MemoryReplayStore>();
    const auto verifier =
        jeton::OfflineVerifier::make({expect["server"], expect["issuer"], vector["jwks"], store, clock});
    REQUIRE(verifier);
    const auto arguments = jeton::parse_json(expect["arguments"].get<std::string>(), Code::bad_arguments);
    if (!arguments) continue;  // no verifier is ever handed such arguments
    const auto redeemed =
        verifier->redeem(vector["token"].get<std::string>(), expect["tool"].get<std::string>(), *arguments, "first");
    CHECK(result_of(redeemed) == vector["result"].get<std::string>());
    CHECK(store->size() == (redeemed ? 1 : 0));
  }
}

TEST_CASE("every digest vector has its digest or its refusal") {
  const auto document = Json::parse(text_of("digests.json"));
  REQUIRE(document["vectors"].size() > 30);
  for (const auto& vector : document["vectors"]) {
    CAPTURE(vector["name"]);
    const auto digest = digest_of(vector["tool"], vector["arguments"]);
    CHECK(result_of(digest) == vector["result"].get<std::string>());
    if (digest) CHECK(digest->text() == vector["digest"].get<std::string>());
  }
}

TEST_CASE("every leaf vector is canonical and has its hash") {
  const auto document = Json::parse(text_of("leaves.json"));
  REQUIRE(document["vectors"].size() > 30);
  for (const auto& vector : document["vectors"]) {
    CAPTURE(vector["name"]);
    const auto leaf = vector["leaf"].get<std::string>();
    CHECK(vector["hash"] == jeton::hex(jeton::sha256(std::string(1, '\0') + leaf)));
    const auto parsed = jeton::parse_json(leaf, Code::bad_request);
    REQUIRE(parsed);
    CHECK(jeton::canonical_json(*parsed).value() == leaf);
  }
}

TEST_CASE("the vector files are what their cases make") {
  CHECK((text_of("tokens.json") == document_of(jeton::vectors::token_cases())));
  CHECK((text_of("digests.json") == document_of(jeton::vectors::digest_cases())));
  CHECK((text_of("leaves.json") == document_of(jeton::vectors::leaf_cases())));
}

TEST_CASE("write the vector files anew", "[.generate]") {
  write("tokens.json", document_of(jeton::vectors::token_cases()));
  write("digests.json", document_of(jeton::vectors::digest_cases()));
  write("leaves.json", document_of(jeton::vectors::leaf_cases()));
}

}  // namespace
