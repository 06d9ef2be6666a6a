// Does the table of codes say what the protocol says, row by row?
#include "jeton/error.hpp"

#include <cctype>
#include <map>
#include <set>
#include <stdexcept>

#include "support/catch.hpp"

using jeton::Code;

namespace {

struct Answer {
  int http;
  std::string oauth;
  bool operator==(const Answer&) const = default;
};

/// The protocol's table, written once more on purpose.
const std::map<std::string, Answer> protocol{
    {"bad_request", {400, "invalid_request"}},
    {"bad_arguments", {400, "invalid_authorization_details"}},
    {"unattested_peer", {401, "invalid_client"}},
    {"unknown_agent", {403, "unauthorized_client"}},
    {"agent_disabled", {403, "unauthorized_client"}},
    {"wrong_role", {403, "unauthorized_client"}},
    {"no_grant", {403, "access_denied"}},
    {"denied_by_policy", {403, "access_denied"}},
    {"unknown_server", {404, "invalid_target"}},
    {"unknown_call", {404, "invalid_request"}},
    {"internal", {500, "server_error"}},
    {"bad_token", {401, "invalid_token"}},
    {"bad_signature", {401, "invalid_token"}},
    {"unknown_key", {401, "invalid_token"}},
    {"wrong_issuer", {401, "invalid_token"}},
    {"expired", {401, "invalid_token"}},
    {"not_yet_valid", {401, "invalid_token"}},
    {"revoked", {401, "invalid_token"}},
    {"superseded", {401, "invalid_token"}},
    {"wrong_audience", {403, "invalid_token"}},
    {"wrong_tool", {403, "invalid_token"}},
    {"args_mismatch", {403, "invalid_token"}},
    {"already_redeemed", {409, "invalid_token"}},
    {"too_many_attempts", {409, "access_denied"}},
    {"call_mismatch", {409, "invalid_authorization_details"}},
    {"rate_limited", {429, "temporarily_unavailable"}},
    {"overloaded", {503, "temporarily_unavailable"}},
    {"log_unavailable", {503, "temporarily_unavailable"}},
    {"sidecar_unavailable", {503, "temporarily_unavailable"}},
};

int expected_exit(std::string_view name) {
  if (name == "internal") return 1;
  return name == "log_unavailable" || name == "sidecar_unavailable" ? 3 : 4;
}

}  // namespace

TEST_CASE("a code that is not in the table is a bug and throws") {
  CHECK_THROWS_AS(jeton::facts(static_cast<Code>(0)), std::out_of_range);
  CHECK_THROWS_AS(jeton::facts(static_cast<Code>(30)), std::out_of_range);
}

TEST_CASE("a name that is no code is not found") {
  CHECK_FALSE(jeton::code_named(""));
  CHECK_FALSE(jeton::code_named("Expired"));
  CHECK_FALSE(jeton::code_named("expired "));
}

TEST_CASE("every code answers as the protocol says") {
  CHECK(jeton::all_codes().size() == protocol.size());
  for (const auto& row : jeton::all_codes()) {
    INFO(row.name);
    REQUIRE(protocol.contains(std::string(row.name)));
    CHECK(protocol.at(std::string(row.name)) == Answer{row.http, std::string(row.oauth)});
    CHECK(row.exit == expected_exit(row.name));
  }
}

TEST_CASE("a code is found by its name and by its number") {
  for (const auto& row : jeton::all_codes()) {
    CHECK(&jeton::facts(row.code) == &row);
    CHECK(jeton::name_of(row.code) == row.name);
    CHECK(jeton::code_named(row.name) == row.code);
  }
}

TEST_CASE("each code has a sentence of its own in the house tone") {
  std::set<std::string_view> sentences;
  for (const auto& row : jeton::all_codes()) {
    INFO(row.sentence);
    REQUIRE_FALSE(row.sentence.empty());
    CHECK(std::islower(static_cast<unsigned char>(row.sentence.front())));
    CHECK(row.sentence.back() != '.');
    CHECK(sentences.insert(row.sentence).second);
  }
}
