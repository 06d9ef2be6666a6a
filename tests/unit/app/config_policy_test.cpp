// What may stand under [policy], what is told about everything else, and a token file that nobody else can read.
#include "app/config.hpp"
#include "app/engine.hpp"
#include "app/reload.hpp"

#include <fstream>

#include <sys/stat.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "support/temp_dir.hpp"

namespace {

using jeton::Code;
using jeton::EngineKind;
using jeton::parse_config;

// 2 lines; what stands under [policy] begins at line 3.
const std::string base = "trust_domain = \"acme.example\"\n[policy]\n";
const std::string opa = "engine = \"opa\"\nurl = \"http://127.0.0.1:8181/v1/data/jeton/decision\"\n";

void check_refused(const std::string& text, int line, const std::string& key, const std::string& fragment) {
  CAPTURE(text);
  const auto config = parse_config(text, "jeton.toml", 990);
  REQUIRE_FALSE(config);
  CHECK(config.error().code == Code::bad_request);
  CHECK_THAT(config.error().message, Catch::StartsWith("jeton.toml:" + std::to_string(line) + ": policy" + key + ": "));
  CHECK_THAT(config.error().message, Catch::Contains(fragment) && Catch::Contains(";"));
}

/// A file with this text and mode, named as the token's.
jeton::EngineConfig with_token(const std::filesystem::path& file, const std::string& text, mode_t mode) {
  std::ofstream(file) << text;
  ::chmod(file.c_str(), mode);
  jeton::EngineConfig config;
  config.token_file = file.string();
  return config;
}

}  // namespace

TEST_CASE("an engine is configured with its kind and url and has the documented defaults") {
  const auto config = parse_config(base + opa, "jeton.toml", 990);
  REQUIRE(config);
  REQUIRE(config->engine);
  CHECK(config->engine->kind == EngineKind::opa);
  CHECK(config->engine->host() == "127.0.0.1:8181");
  CHECK(config->engine->timeout_ms == 100);
  CHECK_FALSE(config->engine->token_file);
  CHECK_FALSE(config->engine->ca_file);
  CHECK_FALSE(config->engine->send_arguments);
  CHECK_FALSE(parse_config("trust_domain = \"acme.example\"\n", "jeton.toml", 990)->engine);
}

TEST_CASE("every key of the policy is read") {
  const auto config = parse_config(
      base +
          "engine = \"authzen\"\nurl = \"https://pdp.example:8443/access/v1/evaluation\"\ntimeout_ms = 250\n"
          "token_file = \"/etc/jeton/pdp.token\"\nca_file = \"/etc/jeton/ca.pem\"\nsend_arguments = true\n",
      "jeton.toml", 990);
  REQUIRE(config);
  REQUIRE(config->engine);
  const jeton::EngineConfig expected{EngineKind::authzen,
                                     "https://pdp.example:8443/access/v1/evaluation",
                                     250,
                                     "/etc/jeton/pdp.token",
                                     "/etc/jeton/ca.pem",
                                     true};
  CHECK(*config->engine == expected);
  CHECK(config->engine->host() == "pdp.example:8443");
}

TEST_CASE("a policy that cannot be is refused with its line") {
  check_refused(base, 2, ".engine", "missing; write engine");
  check_refused(base + "engine = \"opa\"\n", 2, ".url", "missing; write url");
  check_refused(base + "engine = \"cedar\"\nurl = \"https://pdp.example/x\"\n", 3, ".engine", "write \"authzen\" or");
  check_refused(base + opa + "timeout_ms = 0\n", 5, ".timeout_ms", "write 1 to 1000");
  check_refused(base + opa + "timeout_ms = 1001\n", 5, ".timeout_ms", "write 1 to 1000");
  check_refused(base + opa + "token_file = \"pdp.token\"\n", 5, ".token_file", "absolute path");
  check_refused(base + opa + "ca_file = \"/etc/\"\n", 5, ".ca_file", "absolute path");
  check_refused(base + opa + "send_argument = true\n", 5, ".send_argument", "write send_arguments");
  check_refused("trust_domain = \"acme.example\"\n[[policy]]\n" + opa, 2, "", "write [policy]");
}

TEST_CASE("an engine is asked over https or on this machine and at an endpoint") {
  const auto with = [](const std::string& kind, const std::string& url) {
    return base + "engine = \"" + kind + "\"\nurl = \"" + url + "\"\n";
  };
  for (const std::string url : {"http://pdp.example/v1/data/a", "ftp://127.0.0.1/v1/data/a", "127.0.0.1:8181",
                                "https://user@pdp.example/v1/data/a", "http://127.0.0.1.evil.example/v1/data/a"})
    check_refused(with("opa", url), 4, ".url", "is no url to ask");
  for (const std::string url :
       {"http://127.0.0.1:8181", "http://127.0.0.1:8181/", "http://localhost:8181/v1/policies/a"})
    check_refused(with("opa", url), 4, ".url", "is no rule of OPA's");
  for (const std::string url : {"https://pdp.example", "https://pdp.example/"})
    check_refused(with("authzen", url), 4, ".url", "names no endpoint");
  for (const std::string url : {"https://pdp.example/access/v1/evaluation", "http://localhost:1/x", "http://[::1]:1/x"})
    CHECK(parse_config(with("authzen", url), "jeton.toml", 990));
}

TEST_CASE("another engine needs a restart, since the network was given up without one") {
  const auto none = parse_config("trust_domain = \"acme.example\"\n", "jeton.toml", 990).value();
  const auto one = parse_config(base + opa, "jeton.toml", 990).value();
  const auto slower = parse_config(base + opa + "timeout_ms = 200\n", "jeton.toml", 990).value();
  CHECK_FALSE(needs_restart(one, one, false));
  CHECK(needs_restart(none, one, false) == "policy");
  CHECK(needs_restart(one, none, false) == "policy");
  CHECK(needs_restart(one, slower, false) == "policy");
}

TEST_CASE("an engine's token is one line of a file that nobody else can read") {
  const jeton::testing::TempDir place;
  const auto file = place / "token";
  const auto read = [&](const std::string& text, mode_t mode) {
    return jeton::read_engine_token(with_token(file, text, mode), ::geteuid());
  };
  const auto token = read("abc.DEF\n", 0600);
  REQUIRE(token);
  REQUIRE(*token);
  const auto bytes = (*token)->expose_for_signing();
  CHECK(std::string(bytes.begin(), bytes.end()) == "abc.DEF");
  CHECK(read("abc", 0400));
  for (const mode_t mode : {0640, 0604, 0660, 0644}) CHECK_FALSE(read("abc", mode));
  for (const std::string text : {"", "\n", "a b", "abc\r\n", "abc\n\n", "a\nX-Header: b"}) {
    CAPTURE(text);
    const auto refused = read(text, 0600);
    REQUIRE_FALSE(refused);
    CHECK_THAT(refused.error().message, Catch::Contains("policy.token_file") && Catch::Contains("holds no token"));
  }
  CHECK_FALSE(read(std::string(8'193, 'x'), 0600));
  CHECK(read(std::string(8'192, 'x'), 0600));
  jeton::EngineConfig none;
  CHECK_FALSE(jeton::read_engine_token(none, ::geteuid()).value().has_value());
  none.token_file = (place / "nobody").string();
  CHECK_FALSE(jeton::read_engine_token(none, ::geteuid()));
  none.token_file = place.path().string();
  CHECK_FALSE(jeton::read_engine_token(none, ::geteuid()));
}
