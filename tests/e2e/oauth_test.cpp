// The OAuth door of a real daemon over TCP: a client with a key of its own, a tool server with another, and a user.
#include <ctime>
#include <fstream>

#include <arpa/inet.h>
#include <fmt/core.h>
#include <sys/socket.h>
#include <unistd.h>

#include "jeton/token.hpp"
#include "support/catch.hpp"
#include "support/daemon.hpp"
#include "support/foreign_issuer.hpp"
#include "support/ledger.hpp"

namespace jeton::outside {
namespace {

using jeton::testing::eddsa_key;
using jeton::testing::es256_key;
using jeton::testing::rs256_key;

constexpr const char* crm = "https://crm.example/mcp";
constexpr const char* billing = "spiffe://acme.example/agent/billing";
constexpr const char* issuer = "https://jeton.acme.example";

std::string escaped(const std::string& text) {
  std::string out;
  for (const unsigned char c : text) out += fmt::format("%{:02X}", c);
  return out;
}

void write(const std::filesystem::path& path, const std::string& text) { std::ofstream(path) << text; }

std::string keys_file(const std::filesystem::path& path, const SigningKey& key) {
  write(path, jeton::testing::jwks_of({jeton::testing::jwk_of(key, "k")}));
  return path.string();
}

/// Keys of the agent, of its tool server and of the users' issuer, in files; and a daemon on loopback that believes
/// them. Behind a proxy that speaks TLS: the issuer is https, the listener is not.
struct Given {
  TempDir files;
  Daemon daemon{{.config = config(), .arguments = {"--listen", "127.0.0.1:0"}}};
  int port = std::stoi(daemon.ready_line().substr(daemon.ready_line().find("listen=127.0.0.1:") + 17));
  int assertions = 0;
  const std::time_t started = ::time(nullptr);

  [[nodiscard]] std::string config() const {
    return fmt::format(
        "trust_domain = \"acme.example\"\nissuer = \"{0}\"\n"
        "[[agent]]\nname = \"billing\"\nkeys = \"{1}\"\n"
        "[[server]]\nurl = \"{2}\"\nkeys = \"{3}\"\n"
        "[[trusted_issuer]]\nname = \"people\"\nissuer = \"https://idp.example\"\njwks = \"{4}\"\n"
        "delegates_to = [\"billing\"]\n"
        "[[grant]]\nname = \"refunds\"\nagent = \"billing\"\nserver = \"{2}\"\ntools = [\"refund\"]\n",
        issuer, keys_file(files.path() / "agent", es256_key()), crm, keys_file(files.path() / "server", eddsa_key()),
        keys_file(files.path() / "people", rs256_key()));
  }

  /// RFC 7523 section 3, made for one request.
  std::string assertion(const std::string& who, const SigningKey& key) {
    const auto now = static_cast<std::int64_t>(::time(nullptr));
    return jeton::testing::jwt(
        {{"iss", who},
         {"sub", who},
         {"aud", issuer},
         {"iat", now + 5},  // as a clock that is ahead, so that it is after the start of the daemon
         {"exp", now + 60},
         {"jti", fmt::format("{}-{}", who.size(), ++assertions)}},
        key, "k");
  }
  RawAnswer send(const std::string& bytes) const {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    RawClient client(fd);
    client.send(bytes);
    const auto answer = client.answer();
    REQUIRE(answer);
    return *answer;
  }
  RawAnswer form(const std::string& target, const std::string& fields, const std::string& proof) {
    const auto body = fields +
                      "&client_assertion_type=" + escaped("urn:ietf:params:oauth:client-assertion-type:jwt-bearer") +
                      "&client_assertion=" + escaped(proof);
    return send(
        fmt::format("POST {} HTTP/1.1\r\nHost: jeton.acme.example\r\n"
                    "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{}",
                    target, body.size(), body));
  }
  std::string agents() { return assertion(billing, es256_key()); }
  std::string servers() { return assertion(crm, eddsa_key()); }

  static std::string token_fields(const std::string& grant = "client_credentials") {
    const Json detail{{"type", "jeton_tool_call"},
                      {"actions", {"tools/call"}},
                      {"identifier", "refund"},
                      {"arguments", {{"amount", 40}}}};
    return "grant_type=" + escaped(grant) + "&resource=" + escaped(crm) +
           "&authorization_details=" + escaped(Json::array({detail}).dump());
  }
  RawAnswer redeem(const std::string& token) {
    const Json body{{"token", token},
                    {"server", crm},
                    {"tool", "refund"},
                    {"arguments", {{"amount", 40}}},
                    {"redemption_id", "once"},
                    {"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
                    {"client_assertion", servers()}};
    return send(fmt::format("POST /v1/redeem HTTP/1.1\r\nHost: jeton.acme.example\r\nContent-Length: {}\r\n\r\n{}",
                            body.dump().size(), body.dump()));
  }
};

/// What was made before the daemon started, by a clock that may be 5 s ahead, is refused: a second later that is over.
void past_the_start(const Given& given) {
  REQUIRE(eventually([&] { return ::time(nullptr) > given.started; }));
}

}  // namespace

TEST_CASE("over the network a client gets a token, its server sees it, spends it once, and the log names both") {
  Given given;
  past_the_start(given);
  const auto minted = given.form("/oauth2/token", Given::token_fields(), given.agents());
  INFO(minted.body);
  REQUIRE(minted.status == 200);
  const auto token = Json::parse(minted.body).at("access_token").get<std::string>();

  const auto seen = given.form("/oauth2/introspect", "token=" + escaped(token), given.servers());
  CHECK(Json::parse(seen.body).at("active") == true);
  const auto by_agent = given.form("/oauth2/introspect", "token=" + escaped(token), given.agents());
  CHECK(Json::parse(by_agent.body) == Json{{"active", false}});

  const auto redeemed = given.redeem(token);
  INFO(redeemed.body);
  CHECK(redeemed.status == 200);
  CHECK(Json::parse(given.redeem(token).body).at("repeated") == true);
  const auto after = given.form("/oauth2/introspect", "token=" + escaped(token), given.servers());
  CHECK(Json::parse(after.body) == Json{{"active", false}});

  const Ledger ledger(given.daemon.state());
  CHECK(ledger.one("SELECT auth || ' ' || remote FROM events WHERE event = 'token.minted'") ==
        "private_key_jwt 127.0.0.1");
  CHECK(ledger.one("SELECT count(*) FROM events WHERE event = 'token.redeemed' AND uid IS NULL") == "1");
}

TEST_CASE("over the network an assertion is good once and a client that proves nothing leaves no event") {
  Given given;
  past_the_start(given);
  const auto proof = given.agents();
  CHECK(given.form("/oauth2/token", Given::token_fields(), proof).status == 200);
  const auto again = given.form("/oauth2/token", Given::token_fields(), proof);
  CHECK(again.status == 401);
  CHECK(Json::parse(again.body).at("error") == "invalid_client");
  const auto forged = given.assertion(billing, SigningKey::generate(Algorithm::es256));
  CHECK(given.form("/oauth2/token", Given::token_fields(), forged).status == 401);
  const Ledger ledger(given.daemon.state());
  CHECK(ledger.one("SELECT count(*) FROM events WHERE event = 'request.refused'") == "0");
}

TEST_CASE("a user's token makes the user the subject, and the event says who vouched") {
  Given given;
  past_the_start(given);
  const auto now = static_cast<std::int64_t>(::time(nullptr));
  const auto user = [&](const char* audience) {
    return jeton::testing::jwt(
        {{"iss", "https://idp.example"}, {"sub", "alice"}, {"aud", audience}, {"iat", now}, {"exp", now + 600}},
        rs256_key(), "k");
  };
  const auto exchange = [&](const std::string& token) {
    return given.form("/oauth2/token",
                      Given::token_fields("urn:ietf:params:oauth:grant-type:token-exchange") + "&subject_token=" +
                          escaped(token) + "&subject_token_type=" + escaped("urn:ietf:params:oauth:token-type:jwt"),
                      given.agents());
  };
  const auto minted = exchange(user(issuer));
  INFO(minted.body);
  REQUIRE(minted.status == 200);
  const auto claims = UnverifiedToken::parse(Json::parse(minted.body).at("access_token").get<std::string>());
  CHECK(claims->claims_before_verification().sub == "alice");
  CHECK(*claims->claims_before_verification().act == Json{{"sub", billing}});

  const auto for_others = exchange(user("https://shop.example"));
  CHECK(for_others.status == 400);
  CHECK(Json::parse(for_others.body).at("code") == "wrong_audience");
  const Ledger ledger(given.daemon.state());
  CHECK(ledger.one("SELECT subject || ' ' || subject_issuer FROM events WHERE event = 'token.minted'") ==
        "alice https://idp.example");
  CHECK(ledger.one("SELECT code FROM events WHERE event = 'request.refused'") == "wrong_audience");
}

TEST_CASE("a kill -9 between mint and redeem leaves a token of the network nobody can spend") {
  Given given;
  past_the_start(given);
  const auto minted = given.form("/oauth2/token", Given::token_fields(), given.agents());
  REQUIRE(minted.status == 200);
  const auto token = Json::parse(minted.body).at("access_token").get<std::string>();
  given.daemon.kill9();
  given.daemon.restart();
  given.port = std::stoi(given.daemon.ready_line().substr(given.daemon.ready_line().find("listen=127.0.0.1:") + 17));
  const auto redeemed = given.redeem(token);
  CHECK(redeemed.status == 401);
  // Either the assertion is older than the daemon, or the token's key is gone with the old one.
  const auto code = redeemed.code();
  CHECK((code == "unknown_key" || code == "unattested_peer"));
}

}  // namespace jeton::outside
