// jetond over TLS: who is believed by a certificate, what is not spoken, and how a certificate is replaced.
#include "support/tls_house.hpp"

#include "support/catch.hpp"
#include "support/tcp.hpp"

namespace jeton::outside {
namespace {

constexpr int tls_1_1 = 0x0302, tls_1_2 = 0x0303;

std::string error_of(const RawAnswer& answer) { return Json::parse(answer.body).value("error", "none"); }

/// SHA-256 of the certificate that whoever comes now is shown.
std::string shown_by(const TlsHouse& house) {
  auto client = house.connect();
  REQUIRE(client.shake_hands());
  return client.peer().server_sha256();
}

}  // namespace

TEST_CASE(
    "over tls a pinned certificate and one of a believed authority get their agents tokens and the log says which") {
  const TlsHouse house;
  (void)house.token_for(house.pinned_agent, TlsHouse::crm);
  (void)house.token_for(house.named_agent, TlsHouse::crm);
  CHECK(house.ledger.rows("SELECT agent, auth, remote FROM events WHERE event = 'token.minted' ORDER BY log_index") ==
        Ledger::Rows{{"spiffe://acme.example/agent/billing", "self_signed_tls_client_auth", "127.0.0.1"},
                     {"spiffe://acme.example/agent/deploy", "tls_client_auth", "127.0.0.1"}});
  const auto status = house.daemon.client().status().value();
  CHECK(status.at("tls_certificate_ends_at").is_number_integer());
  CHECK_FALSE(status.contains("certificate_ends_at"));
}

TEST_CASE("over tls an unknown or expired certificate or none is invalid_client and counted and no event") {
  const TlsHouse house;
  const auto before = house.ledger.count("1");
  const Wish deploy{.names = {"URI:spiffe://acme.example/agent/deploy"}};
  auto expired = deploy, early = deploy;
  expired.until = -std::chrono::minutes(1);
  early.from = std::chrono::minutes(30);
  const std::vector<std::pair<std::string, std::optional<Identity>>> strangers{
      {"nobody's", self_signed(deploy)},
      {"another authority's", Authority().issue(deploy)},
      {"over", house.authority.issue(expired)},
      {"not begun", house.authority.issue(early)},
      {"another name's", house.authority.issue({.names = {"URI:spiffe://acme.example/agent/deploy2"}})},
      {"none", std::nullopt}};
  for (const auto& [what, identity] : strangers) {
    INFO(what);
    const auto answer = house.ask(identity, post_token());
    CHECK(answer.status == 401);
    CHECK(error_of(answer) == "invalid_client");
  }
  CHECK(house.ledger.count("1") == before);
  CHECK(house.metric("jeton_requests_total{verb=\"token\",code=\"unknown_agent\"}") ==
        std::to_string(strangers.size() - 1));
  CHECK(house.metric("jeton_requests_total{verb=\"token\",code=\"unattested_peer\"}") == "1");
  // Whoever was refused cost nobody anything.
  (void)house.token_for(house.named_agent, TlsHouse::crm);
}

TEST_CASE("over tls a certificate that is believed proves a large body before it is read and no other does") {
  const TlsHouse house;
  const auto wish = [](std::size_t bytes) {
    const Json call{{"type", "jeton_tool_call"},
                    {"actions", {"tools/call"}},
                    {"identifier", "refund"},
                    {"arguments", {{"note", std::string(bytes, 'n')}}}};
    return post_form("/oauth2/token", {{"grant_type", "client_credentials"},
                                       {"resource", TlsHouse::crm},
                                       {"authorization_details", Json::array({call}).dump()}});
  };
  CHECK(house.ask(house.named_agent, wish(200 * 1024)).status == 200);
  CHECK(house.ask(house.pinned_agent, wish(200 * 1024)).status == 200);
  const auto nobody = self_signed({.names = {"URI:spiffe://acme.example/agent/deploy"}});
  for (const auto& identity : {std::optional<Identity>(nobody), std::optional<Identity>()}) {
    const auto answer = house.ask(identity, wish(70 * 1024));
    CHECK(answer.status == 400);
    CHECK(error_of(answer) == "invalid_request");
    CHECK_THAT(answer.body, Catch::Contains("args_digest"));
  }
  CHECK(house.ask(house.named_agent, wish(1024 * 1024)).status == 400);
}

TEST_CASE("over tls a tool server with a certificate sees and redeems its own tokens and nobody else's") {
  const TlsHouse house;
  const auto active = [&](const Identity& who, const std::string& token) {
    return Json::parse(house.ask(who, post_form("/oauth2/introspect", {{"token", token}})).body).at("active") == true;
  };
  for (const auto& [url, own, other] : {std::tuple{TlsHouse::crm, house.named_server, house.pinned_server},
                                        std::tuple{TlsHouse::mail, house.pinned_server, house.named_server}}) {
    INFO(url);
    const auto token = house.token_for(house.pinned_agent, url);
    CHECK(active(own, token));
    CHECK_FALSE(active(other, token));
    CHECK_FALSE(active(house.named_agent, token));
    CHECK(house.ask(other, post_redeem(token, url)).code() == "wrong_role");
    const auto redeemed = house.ask(own, post_redeem(token, url));
    CHECK(redeemed.status == 200);
    CHECK_FALSE(active(own, token));
  }
  CHECK(house.ledger.count("event = 'token.redeemed'") == 2);
}

TEST_CASE("over tls what is older than 1.2 or in the clear is ended without an answer") {
  const TlsHouse house;
  TlsClient newer(connect_tcp(port_of(house.daemon)), {.oldest = tls_1_2, .newest = tls_1_2});
  CHECK(newer.shake_hands());
  CHECK(newer.peer().version() == tls_1_2);
  TlsClient older(connect_tcp(port_of(house.daemon)), {.oldest = tls_1_1, .newest = tls_1_1});
  CHECK_FALSE(older.shake_hands());
  // In the clear: at most an alert comes back, and nothing of HTTP.
  auto clear = over_tcp(house.daemon);
  clear.send(get_document("/healthz"));
  CHECK_THAT(clear.rest(), !Catch::Contains("HTTP/"));
  CHECK(house.serves());
  CHECK(eventually([&] { return house.metric("jeton_tls_handshakes_failed_total") == "2"; }));
}

TEST_CASE("a certificate is replaced at sighup for who comes then and no open connection is dropped") {
  const TlsHouse house;
  auto open = house.connect(house.pinned_agent);
  REQUIRE(open.shake_hands());
  open.send(get_document("/healthz"));
  REQUIRE(open.answer()->status == 200);
  const auto next = self_signed({.names = {"DNS:jeton.acme.example"}, .until = std::chrono::hours(48)});
  house.show(next);
  CHECK(shown_by(house) == house.listener.sha256);  // not before somebody says so
  house.reload("config.loaded");
  CHECK(eventually([&] { return shown_by(house) == next.sha256; }));
  // then: who was there goes on, with what was agreed on then
  open.send(post_token());
  CHECK(open.answer()->status == 200);
  CHECK(open.peer().server_sha256() == house.listener.sha256);
  CHECK(house.serves());
}

TEST_CASE("a certificate or key that is no good at sighup is never taken and a good one after it is") {
  const TlsHouse house;
  auto open = house.connect(house.pinned_agent);
  REQUIRE(open.shake_hands());
  const auto other = self_signed();
  std::vector<std::pair<std::string, Identity>> bad{
      {"no certificate", {"nonsense", house.listener.key, ""}},
      {"half a file", {house.listener.certificate.substr(0, 300), house.listener.key, ""}},
      {"another's key", {house.listener.certificate, other.key, ""}},
      {"no key", {other.certificate, "", ""}},
      {"over", self_signed({.from = std::chrono::hours(-2), .until = std::chrono::hours(-1)})}};
  for (const auto& [what, identity] : bad) {
    INFO(what);
    house.show(identity);
    house.reload("config.rejected");
    CHECK(shown_by(house) == house.listener.sha256);
    open.send(get_document("/healthz"));
    CHECK(open.answer()->status == 200);
  }
  const auto next = self_signed();
  house.show(next);
  house.reload("config.loaded");
  CHECK(eventually([&] { return shown_by(house) == next.sha256; }));
}

TEST_CASE("an authority that is not believed any more vouches for nobody from the reload on, on open connections too") {
  const TlsHouse house;
  auto open = house.connect(house.named_agent);
  open.send(post_token());
  REQUIRE(open.answer()->status == 200);
  const Authority next;
  house.believe(next);
  house.reload("config.loaded");
  const auto refused = [&] {
    open.send(post_token());
    const auto answer = open.answer();
    REQUIRE(answer);
    return answer->status == 401;
  };
  CHECK(eventually(refused));
  const auto renewed = next.issue({.names = {"URI:spiffe://acme.example/agent/deploy"}});
  CHECK(house.ask(renewed, post_token()).status == 200);
}

}  // namespace jeton::outside
