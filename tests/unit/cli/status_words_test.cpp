// Numbers of `jeton status` as people read them.
#include "cli/status_words.hpp"

#include "support/catch.hpp"

using jeton::Json;
using jeton::cli::issuer_in_words;
using jeton::cli::status_in_words;

TEST_CASE("a number of the status is read by the unit at the end of its name") {
  CHECK(status_in_words("keys_rotate_at", 1'795'300'670) == "2026-11-21 22:37:50Z");
  CHECK(status_in_words("reserve_bytes", 67'108'864) == "64 MiB");
  CHECK(status_in_words("arguments_bytes", 262'144) == "256 KiB");
  CHECK(status_in_words("room_bytes", 1'610'612'736) == "1.5 GiB");
  CHECK(status_in_words("room_bytes", 0) == "0 bytes");
  CHECK(status_in_words("room_bytes", 1) == "1 byte");
  CHECK(status_in_words("room_bytes", 1023) == "1023 bytes");
  CHECK(status_in_words("log_bytes_max", 0) == "none");
  CHECK(status_in_words("log_bytes_max", 1 << 30) == "1 GiB");
  CHECK(status_in_words("retain_days", 0) == "for ever");
  CHECK(status_in_words("retain_days", 1) == "1 day");
  CHECK(status_in_words("retain_days", 90) == "90 days");
  CHECK(status_in_words("idle_s", 60) == "60 s");
  CHECK(status_in_words("timeout_ms", 100) == "100 ms");
  CHECK(status_in_words("size", 12) == "12");
}

TEST_CASE("any value of the status has words") {
  for (const auto number : {INT64_MIN, INT64_MAX, std::int64_t{-1}})
    for (const auto* name : {"ends_at", "room_bytes", "retain_days", "idle_s", "size"})
      CHECK_FALSE(status_in_words(name, number).empty());
  CHECK(status_in_words("dev", true) == "yes");
  CHECK(status_in_words("roles", Json::array({"operator", "reviewer"})) == "operator, reviewer");
  CHECK(status_in_words("keys", Json::array()) == "none");
  CHECK(status_in_words("name", "a\x1b[2J") == "a%1B[2J");
  CHECK(status_in_words("more", Json{{"\xff", "\x1b"}}).find('\x1b') == std::string::npos);
}

TEST_CASE("a trusted issuer of the status says how old its keys are and what is wrong") {
  const Json read{{"issuer", "https://idp.example"}, {"jwks", "/etc/idp.jwks"}, {"keys", 1}, {"age_s", 7}};
  CHECK(issuer_in_words(read) == "https://idp.example: 1 key, read 7 s ago from /etc/idp.jwks");
  const Json none{
      {"issuer", "https://idp.example"}, {"jwks", "https://idp.example/keys"}, {"keys", 0}, {"fault", "gone"}};
  CHECK(issuer_in_words(none) == "https://idp.example: 0 keys from https://idp.example/keys; gone");
}
