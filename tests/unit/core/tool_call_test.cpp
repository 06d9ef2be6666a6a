// Does the digest bind exactly one tool and exactly one set of arguments?
#include "jeton/tool_call.hpp"

#include <limits>

#include "support/catch.hpp"

using jeton::args_digest;
using jeton::ArgsDigest;
using jeton::Code;
using jeton::Json;

namespace {

std::string digest_text(std::string_view tool, std::string_view arguments) {
  const auto parsed = jeton::parse_json_strictly(arguments);
  REQUIRE(parsed);
  const auto digest = args_digest(tool, *parsed);
  REQUIRE(digest);
  return digest->text();
}

void check_refused(const tl::expected<ArgsDigest, jeton::Error>& digest, const std::string& part_of_message) {
  REQUIRE_FALSE(digest);
  CHECK(digest.error().code == Code::bad_arguments);
  CHECK_THAT(digest.error().message, Catch::Contains(part_of_message));
}

Json nested(std::size_t depth) {
  Json value = Json::object();
  for (std::size_t i = 1; i < depth; ++i) value = Json{{"a", std::move(value)}};
  return value;
}

}  // namespace

TEST_CASE("arguments that are not an object have no digest") {
  for (const Json& value : {Json(nullptr), Json::array(), Json("{}"), Json(1), Json(false)})
    check_refused(args_digest("ping", value), "must be an object");
}

TEST_CASE("arguments without canonical bytes have no digest and the message says where") {
  check_refused(args_digest("pay", Json{{"card", 4111111111111111111}}), "/arguments/card does not survive");
  check_refused(args_digest("pay", Json{{"card", 4111111111111111111}}), "send it as a string");
  check_refused(args_digest("pay", Json{{"n", std::numeric_limits<double>::quiet_NaN()}}), "/arguments/n");
  check_refused(args_digest("pay", Json{{"s", "\xFF"}}), "/arguments/s");
}

TEST_CASE("arguments deeper than 64 have no digest") {
  CHECK(args_digest("ping", nested(64)));
  check_refused(args_digest("ping", nested(65)), "nested too deeply");
}

TEST_CASE("arguments over the size limit have no digest") {
  // given: {"a":"xxxx"} is 12 bytes
  const Json arguments{{"a", "xxxx"}};
  CHECK(args_digest("ping", arguments, 12));
  check_refused(args_digest("ping", arguments, 11), "larger than 11 bytes");
  CHECK(args_digest("ping", Json{{"a", std::string(jeton::arguments_bytes_max - 8, 'x')}}));
  check_refused(args_digest("ping", Json{{"a", std::string(jeton::arguments_bytes_max - 7, 'x')}}), "send less");
}

TEST_CASE("a tool name that is not clean UTF-8 has no digest") {
  check_refused(args_digest("pi\xFFng", Json::object()), "name");
  check_refused(args_digest("ping\xEF\xBF\xBF", Json::object()), "name");
}

TEST_CASE("a text that is no digest does not parse") {
  CHECK_FALSE(ArgsDigest::parse(""));
  CHECK_FALSE(ArgsDigest::parse("KhyfXVcrcBPjAPJRzSMuJ9rkP06hL-5hb3wd9aTxyUJ"));  // a bit beyond the value
  CHECK_FALSE(ArgsDigest::parse("KhyfXVcrcBPjAPJRzSMuJ9rkP06hL-5hb3wd9aTxyUI="));
  CHECK_FALSE(ArgsDigest::parse("KhyfXVcrcBPjAPJRzSMuJ9rkP06hL-5hb3wd9aTxyU"));
}

TEST_CASE("the digests are the published check values") {
  CHECK(digest_text("get_weather", R"({"location":"New York"})") == "KhyfXVcrcBPjAPJRzSMuJ9rkP06hL-5hb3wd9aTxyUI");
  CHECK(digest_text("ping_db", "{}") == "ykIcxFiZ1lage_1lSIJMbKa3WTd3ZHwh4BeFdffyQjc");
  CHECK(digest_text("pay", "{\"n\":1e-6,\"city\":\"Z\\u00fcrich\",\"amount\":1000000000000000000000}") ==
        "nuDma6dY5rrcR1l5cLkC_l0GF5yzW4Mer53kd5Rrau8");
}

TEST_CASE("the digest is that of the canonical whole") {
  const Json arguments{{"q", {1, "\n", nullptr}}};
  const auto whole = jeton::canonical_json(Json{{"name", "say \"hi\"\n"}, {"arguments", arguments}});
  REQUIRE(whole);
  CHECK(args_digest("say \"hi\"\n", arguments).value().bytes == jeton::sha256(*whole));
}

TEST_CASE("another tool or other arguments have another digest") {
  const auto digest = args_digest("pay", Json{{"amount", 1}}).value();
  CHECK_FALSE(digest.equals(args_digest("pay", Json{{"amount", 2}}).value()));
  CHECK_FALSE(digest.equals(args_digest("pay", Json{{"amount", "1"}}).value()));
  CHECK_FALSE(digest.equals(args_digest("Pay", Json{{"amount", 1}}).value()));
  CHECK(digest.equals(args_digest("pay", Json{{"amount", 1.0}}).value()));
  CHECK(ArgsDigest::parse(digest.text()).value().equals(digest));
}
