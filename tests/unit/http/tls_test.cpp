// Two ends of TLS talk in memory: which handshakes there are, and what ends a connection.
#include "http/tls.hpp"

#include "support/tls_talk.hpp"

using jeton::TlsEngine;
using namespace jeton::outside;

TEST_CASE("both versions of TLS carry bytes both ways however they are cut") {
  for (const int version : {tls_1_2, tls_1_3})
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{100'000}}) {
      CAPTURE(version, piece);
      Talk talk({.oldest = version, .newest = version});
      talk.client.say("a request");
      REQUIRE(talk.run(piece));
      CHECK(talk.engine.is_established());
      CHECK(talk.client.version() == version);
      CHECK(talk.heard == "a request");
      CHECK(talk.client.server_sha256() == server().sha256);
      talk.engine.encrypt("an answer");
      talk.engine.encrypt("");
      REQUIRE(talk.run(piece));
      CHECK(talk.client.heard() == "an answer");
      CHECK_FALSE(talk.seen());
    }
}

TEST_CASE("who can speak 1.3 does") {
  Talk talk;
  REQUIRE(talk.run());
  CHECK(talk.client.version() == tls_1_3);
}

TEST_CASE("versions before 1.2 and ciphers without forward secrecy are refused") {
  for (const int version : {tls_1_0, tls_1_1}) {
    Talk talk({.oldest = version, .newest = version});
    CHECK_FALSE(talk.run());
    CHECK_FALSE(talk.engine.is_established());
    CHECK_FALSE(talk.client_goes_on);
    CHECK_THAT(talk.refusal, Catch::StartsWith("TLS: "));
  }
  for (const auto* ciphers :
       {"AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES128-SHA256", "NULL-SHA256"}) {
    CAPTURE(ciphers);
    Talk talk({.newest = tls_1_2, .ciphers = ciphers});
    CHECK_FALSE(talk.run());
  }
}

TEST_CASE("what is larger than a record goes through whole") {
  Talk talk;
  const std::string large(1 << 20, 'x');
  talk.client.say(large);
  REQUIRE(talk.run(8192));
  CHECK(talk.heard == large);
  talk.engine.encrypt(large);
  REQUIRE(talk.run());
  CHECK(talk.client.heard() == large);
}

TEST_CASE("a changed or truncated or invented record ends the connection") {
  const auto established = [] {
    auto talk = std::make_unique<Talk>();
    REQUIRE(talk->run());
    talk->client.say("give me everything");
    return talk;
  };
  {
    auto talk = established();
    auto wire = talk->client.take_outgoing();
    wire.back() = static_cast<char>(wire.back() ^ 1);
    CHECK_FALSE(talk->feed(wire));
    CHECK(talk->heard.empty());
    // And it stays ended.
    CHECK_FALSE(talk->feed("x"));
    talk->engine.encrypt("an answer nobody gets");
    talk->engine.close();
  }
  {
    auto talk = established();
    const auto wire = talk->client.take_outgoing();
    CHECK(talk->feed(wire.substr(0, wire.size() - 1)));
    CHECK(talk->heard.empty());
    CHECK(talk->engine.is_in_the_middle());
    CHECK(talk->feed(wire.substr(wire.size() - 1)));
    CHECK(talk->heard == "give me everything");
    CHECK_FALSE(talk->engine.is_in_the_middle());
    CHECK_FALSE(talk->feed(wire));  // the same record again
  }
  for (const std::string& wire :
       {std::string("GET / HTTP/1.1\r\n\r\n"), std::string("\x17\x03\x03\x00\x05hello", 10), std::string(100, '\0'),
        std::string("\x17\x03\x03\xff\xff", 5) + std::string(70'000, 'x'), std::string(5, '\xff')}) {
    auto talk = established();
    CHECK_FALSE(talk->feed(wire));
    CHECK(talk->heard.empty());
  }
}

TEST_CASE("what is no handshake ends at once and one that goes on for ever ends too") {
  for (const std::string& wire :
       {std::string("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), std::string(100, '\0'),
        std::string("\x16\x03\x01\xff\xff", 5), std::string("\x80\x2e\x01\x00\x02", 5) + std::string(43, '\0')}) {
    Talk talk;
    CHECK_FALSE(talk.feed(wire));
    CHECK_FALSE(talk.engine.is_established());
  }
  Talk talk;
  // Records of a client hello of 16 MiB, as far as its header says.
  const std::string begin("\x16\x03\x01\x40\x00\x01\xff\xff\xff", 9);
  std::size_t sent = 0;
  bool goes_on = talk.feed(begin + std::string(16 * 1024 - 4, 'x'));
  for (; goes_on && sent < 10 * TlsEngine::handshake_bytes_max; sent += 16 * 1024)
    goes_on = talk.feed(std::string("\x16\x03\x01\x40\x00", 5) + std::string(16 * 1024, 'x'));
  CHECK_FALSE(goes_on);
  CHECK(sent <= TlsEngine::handshake_bytes_max);
}

TEST_CASE("a handshake that stops half way is not over and nothing is read from it") {
  Talk talk;
  const auto hello = talk.client.take_outgoing();
  CHECK(talk.feed(hello.substr(0, hello.size() / 2)));
  CHECK_FALSE(talk.engine.is_established());
  CHECK(talk.engine.take_outgoing().empty());
  CHECK_FALSE(talk.seen());
  talk.engine.close();
  CHECK(talk.engine.take_outgoing().empty());
}

TEST_CASE("a client that begins anew is not answered with a new handshake") {
  Talk talk({.newest = tls_1_2});
  REQUIRE(talk.run());
  talk.client.renegotiate();
  CHECK_FALSE(talk.run());
  CHECK(talk.heard.empty());
}

TEST_CASE("new keys within a connection are taken and cost nothing") {
  Talk talk({.oldest = tls_1_3});
  REQUIRE(talk.run());
  for (int i = 0; i < 3; ++i) {
    talk.client.update_keys();
    talk.client.say("x");
    REQUIRE(talk.run());
  }
  CHECK(talk.heard == "xxx");
  CHECK_FALSE(talk.engine.is_in_the_middle());
}

TEST_CASE("nothing of a session is kept that another could go on with") {
  for (const int version : {tls_1_2, tls_1_3}) {
    Talk talk({.oldest = version, .newest = version});
    REQUIRE(talk.run());
    CHECK_FALSE(talk.client.has_ticket());
    CHECK_FALSE(talk.client.was_resumed());
  }
}

TEST_CASE("a farewell is heard and said") {
  Talk talk;
  talk.client.say("last words");
  REQUIRE(talk.run());
  talk.client.close();
  REQUIRE(talk.run());
  CHECK(talk.heard == "last words");
  CHECK(talk.engine.has_ended());
  talk.engine.encrypt("farewell");
  talk.engine.close();
  talk.run();
  CHECK(talk.client.heard() == "farewell");
  CHECK(talk.client.has_ended());
}

TEST_CASE("who asks for a protocol gets http 1.1 or nothing") {
  Talk both({.protocols = std::string("\x02h2\x08http/1.1")});
  REQUIRE(both.run());
  CHECK(both.client.protocol() == "http/1.1");
  Talk other({.protocols = std::string("\x02h2")});
  CHECK_FALSE(other.run());
}

TEST_CASE("a chain is shown whole and its first end is known") {
  const Authority root;
  const Authority below({.name = "below", .names = {}, .until = std::chrono::minutes(5), .authority = true}, root);
  auto own = below.issue({});
  own.certificate += below.certificate();
  const auto context = context_of(own);
  CHECK(std::abs(context->ends_at() - (std::time(nullptr) + 300)) <= 5);
  Talk talk({.trusts = root.certificate()}, context);
  CHECK(talk.run());
  CHECK(talk.client.is_established());
  Talk doubting({.trusts = Authority().certificate()}, context);
  (void)doubting.run();
  CHECK_FALSE(doubting.engine.is_established());
}

TEST_CASE("an rsa key serves as well as one of a curve") {
  const auto own = self_signed({.rsa_bits = 2048});
  for (const int version : {tls_1_2, tls_1_3}) {
    Talk talk({.oldest = version, .newest = version}, context_of(own));
    REQUIRE(talk.run());
    CHECK(talk.client.server_sha256() == own.sha256);
  }
}

TEST_CASE("what is no key or certificate or not one pair is refused by the member's name") {
  const auto other = self_signed();
  const std::string garbage = "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n";
  const std::string locked =
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIHNMEAGCSqGSIb3DQEFDTAzMBsGCSqGSIb3DQEFDDAOBAgAAAAAAAAAAAICCAAw\n"
      "-----END ENCRYPTED PRIVATE KEY-----\n";
  struct Case {
    std::string certificate, key, client_ca, member;
  };
  const std::vector<Case> cases = {{"", server().key, "", "certificate: "},
                                   {garbage, server().key, "", "certificate: "},
                                   {server().certificate + garbage, server().key, "", "certificate: "},
                                   {server().key, server().key, "", "certificate: "},
                                   {server().certificate, "", "", "key: "},
                                   {server().certificate, "not a key", "", "key: "},
                                   {server().certificate, server().certificate, "", "key: "},
                                   {server().certificate, locked, "", "key: "},
                                   {server().certificate, other.key, "", "key: "},
                                   {server().certificate, server().key, "nothing", "client_ca: "},
                                   {server().certificate, server().key, garbage, "client_ca: "}};
  for (const auto& one : cases) {
    const auto made =
        make(one.certificate, one.key, one.client_ca.empty() ? std::nullopt : std::optional(one.client_ca));
    REQUIRE_FALSE(made);
    CHECK(made.error().code == jeton::Code::bad_request);
    CHECK_THAT(made.error().message, Catch::StartsWith(one.member));
    // Nothing of a key in it.
    CHECK(made.error().message.find("BEGIN") == std::string::npos);
    CHECK(made.error().message.size() < 120);
  }
  const auto weak = self_signed({.rsa_bits = 1024});
  CHECK_FALSE(make(weak.certificate, weak.key));
  CHECK(make("text before\n" + server().certificate, server().key));
}
