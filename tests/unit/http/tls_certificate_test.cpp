// What a client's certificate proves, and for how long it is trusted.
#include "http/tls_certificate.hpp"

#include "support/tls_talk.hpp"

using namespace jeton::outside;

TEST_CASE("a client's certificate is seen with its thumbprint and names and is trusted where its authority is") {
  const Authority authority, stranger;
  const auto agent =
      authority.issue({.names = {"URI:spiffe://acme.example/agent/billing", "DNS:billing.acme.example"}});
  const auto context = context_of(server(), authority.certificate());
  for (const int version : {tls_1_2, tls_1_3}) {
    const auto seen = seen_of({.oldest = version, .newest = version, .identity = agent}, context);
    REQUIRE(seen);
    CHECK(seen->sha256 == agent.sha256);
    CHECK(seen->names ==
          std::vector<std::string>{"URI:spiffe://acme.example/agent/billing", "DNS:billing.acme.example"});
    CHECK(seen->trusted);
  }
  CHECK_FALSE(seen_of({}, context));

  const std::vector<std::pair<const char*, Identity>> untrusted = {
      {"another authority", stranger.issue({})},
      {"its own", self_signed()},
      {"over", authority.issue({.from = std::chrono::hours(-2), .until = std::chrono::hours(-1)})},
      {"not yet", authority.issue({.from = std::chrono::hours(1), .until = std::chrono::hours(2)})},
      {"of a server", authority.issue({.usage = "serverAuth"})},
      {"of one that is no authority", [&] {
         const Authority none({.name = "none", .names = {}, .authority = false}, authority);
         auto made = none.issue({});
         made.certificate += none.certificate();
         return made;
       }()}};
  for (const auto& [what, identity] : untrusted) {
    CAPTURE(what);
    const auto seen = seen_of({.identity = identity}, context);
    REQUIRE(seen);
    CHECK(seen->sha256 == identity.sha256);
    CHECK_FALSE(seen->trusted);
  }
  // Without a client_ca nobody's is.
  CHECK_FALSE(seen_of({.identity = agent}, context_of(server()))->trusted);
  CHECK(seen_of({.identity = authority.issue({.usage = "clientAuth"})}, context)->trusted);
}

TEST_CASE("a chain leads over what the client sends and to what stands in client_ca though that be no root") {
  const Authority root;
  const Authority below({.name = "below", .names = {}, .authority = true}, root);
  auto agent = below.issue({});
  CHECK_FALSE(seen_of({.identity = agent}, context_of(server(), root.certificate()))->trusted);
  CHECK(seen_of({.identity = agent}, context_of(server(), below.certificate()))->trusted);
  agent.certificate += below.certificate();
  CHECK(seen_of({.identity = agent}, context_of(server(), root.certificate()))->trusted);
}

TEST_CASE("a chain through an authority that has ended is not trusted") {
  const Authority root;
  const Authority over({.name = "over", .names = {}, .until = std::chrono::hours(-1) / 2, .authority = true}, root);
  auto agent = over.issue({});
  agent.certificate += over.certificate();
  CHECK_FALSE(seen_of({.identity = agent}, context_of(server(), root.certificate()))->trusted);
}

TEST_CASE("trust ends on an open connection with the certificate and with the authority that was taken away") {
  const Authority authority, other;
  Talk talk({.identity = authority.issue({.until = std::chrono::minutes(10)})},
            context_of(server(), authority.certificate()));
  REQUIRE(talk.run());
  const auto now = std::time(nullptr);
  CHECK(talk.engine.certificate(talk.in_force, now)->trusted);
  CHECK(talk.engine.certificate(talk.in_force, now + 590)->trusted);
  CHECK_FALSE(talk.engine.certificate(talk.in_force, now + 610)->trusted);
  CHECK(talk.engine.certificate(talk.in_force, now)->trusted);

  CHECK_FALSE(talk.engine.certificate(context_of(server(), other.certificate()), now)->trusted);
  CHECK_FALSE(talk.engine.certificate(context_of(server()), now)->trusted);
  CHECK_FALSE(talk.engine.certificate(nullptr, now)->trusted);
  CHECK(talk.engine.certificate(talk.in_force, now)->trusted);
}

TEST_CASE("a certificate ends with the first authority above it") {
  const Authority root;
  const Authority below({.name = "below", .names = {}, .until = std::chrono::minutes(5), .authority = true}, root);
  auto agent = below.issue({.until = std::chrono::minutes(30)});
  agent.certificate += below.certificate();
  Talk talk({.identity = agent}, context_of(server(), root.certificate()));
  REQUIRE(talk.run());
  const auto now = std::time(nullptr);
  CHECK(talk.engine.certificate(talk.in_force, now)->trusted);
  CHECK_FALSE(talk.engine.certificate(talk.in_force, now + 310)->trusted);
}

TEST_CASE("names that could be read as others are left out and so are other kinds") {
  const Authority authority;
  const auto agent = authority.issue({.names = {"URI:spiffe://acme.example/agent/a", "email:a@acme.example",
                                                "IP:10.0.0.1", "DNS:a b.example", "DNS:ok.example"}});
  const auto seen = seen_of({.identity = agent}, context_of(server(), authority.certificate()));
  REQUIRE(seen);
  CHECK(seen->names == std::vector<std::string>{"URI:spiffe://acme.example/agent/a", "DNS:ok.example"});
  Wish many{.names = {}};
  for (int i = 0; i < 100; ++i) many.names.push_back("DNS:n" + std::to_string(i) + ".example");
  CHECK(seen_of({.identity = authority.issue(many)}, context_of(server()))->names.size() == 32);
  CHECK(seen_of({.identity = authority.issue({.names = {}})}, context_of(server()))->names.empty());
}

TEST_CASE("a client that shows a certificate without having its key has no handshake") {
  const Authority authority;
  auto stolen = authority.issue({.rsa_bits = 2048});
  // OpenSSL's client would notice the wrong key: a bit of its signature is changed on the way instead.
  Talk talk({.newest = tls_1_2, .identity = stolen}, context_of(server(), authority.certificate()));
  REQUIRE(talk.feed(talk.client.take_outgoing()));
  (void)talk.client.feed(talk.engine.take_outgoing());
  auto wire = talk.client.take_outgoing();
  // Certificate, ClientKeyExchange, CertificateVerify, ChangeCipherSpec, Finished; the signature ends before the last
  // two.
  const auto change = wire.find(std::string("\x14\x03\x03\x00\x01\x01", 6));
  REQUIRE(change != wire.npos);
  wire[change - 1] = static_cast<char>(wire[change - 1] ^ 1);
  CHECK_FALSE(talk.feed(wire));
  CHECK_FALSE(talk.engine.is_established());
  CHECK_FALSE(talk.seen());
}
