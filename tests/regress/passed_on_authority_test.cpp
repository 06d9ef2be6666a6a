// Can authority that passes on be stretched: by a clock that is set back, by a chain without end, by a name of ours?
#include "support/exchange_fixture.hpp"

namespace jeton::testing {
namespace {

const std::string user_issuer = "https://idp.example";

/// Counts how often the log is read: what a request costs everybody who waits for the loop.
class CountedStore final : public MemoryStore {
 public:
  std::vector<Event> story(const Txn& txn) const override {
    ++stories;
    return MemoryStore::story(txn);
  }

  mutable std::size_t stories = 0;
};

struct Delegating {
  Delegating() {
    auto entries = company_roles().entries();
    for (auto& server : entries.servers) server.delegates_to = {"support"};
    roles.emplace(entries);
    company.process.emplace(store, grants, *roles, company.secret, company.clock);
  }
  Subject user(const std::string& sub) const { return {sub, user_issuer, company.clock.wall_us() / us_per_s + 3600}; }
  Result<Opened> open(uid_t uid, const Delegation& delegation, std::optional<Txn> parent = std::nullopt) {
    OpenRequest request{binding("refund")};
    request.server = crm;
    request.delegation = delegation;
    request.parent_txn = parent;
    return company.open(uid, request);
  }
  /// What billing's server has in its hands when it has redeemed.
  Delegation redeemed_by_crm() {
    const auto parent = open(billing, {});
    REQUIRE(parent);
    REQUIRE(company.redeem_refund(*parent->minted));
    return {.parent_token = parent->minted->token.expose_for_transport()};
  }

  CountedStore store;
  Company company;
  const Grants grants{{{"billing", crm, {"refund"}, {"refunds", 30, 8, 1, std::nullopt}},
                       {"billing", files, {"refund"}, {"reads", 30, 8, 1, std::nullopt}},
                       {"support", crm, {"refund"}, {"helping", 30, 8, 1, std::nullopt}}}};
  std::optional<Roles> roles;
};

}  // namespace

TEST_CASE("a redeemed token that is over passes nothing on though the wall clock is set back") {
  // Given a parent's token that was redeemed and is over
  Delegating given;
  const auto parent = given.redeemed_by_crm();
  given.company.clock.pass_s(40);
  given.company.process->exchange.settle({});
  REQUIRE(code_of(given.open(support, parent)) == "expired");
  // When somebody sets the clock back to when it lived
  given.company.clock.set_wall_back_s(40);
  // Then it is still over: the issuer judges its own tokens by the boot clock
  CHECK(code_of(given.open(support, parent)) == "expired");
}

TEST_CASE("a token that its thief redeemed itself passes nothing on") {
  // Given a server without match, for which any attested peer redeems
  Delegating given;
  OpenRequest request{binding("refund")};
  request.server = files;
  const auto stolen = given.company.open(billing, request);
  REQUIRE(stolen);
  REQUIRE(given.company.redeem(support, stolen->minted->token, files, binding("refund"), "thief"));
  CHECK(code_of(given.open(support, {.parent_token = stolen->minted->token.expose_for_transport()})) == "wrong_role");
}

TEST_CASE("no user is one of our agents") {
  Delegating given;
  for (const char* sub : {"spiffe://acme.example/agent/support", "spiffe://acme.example/agent/billing",
                          "spiffe://acme.example/agent/nobody"})
    CHECK(code_of(given.open(billing, {.user = given.user(sub)})) == "bad_token");
  for (const char* sub : {"spiffe://acme.example/ns/web", "spiffe://other.example/agent/support", "support"})
    CHECK(code_of(given.open(billing, {.user = given.user(sub)})) == "ok");
}

TEST_CASE("calls inside calls cost no more of the log however many there are") {
  Delegating given;
  auto opened = given.open(billing, {.user = given.user("alice")});
  REQUIRE(opened);
  // When an agent goes on and on inside its own calls for a user
  std::size_t most = 0;
  std::string code = "ok";
  for (int depth = 0; depth < 200 && code == "ok"; ++depth) {
    const auto before = given.store.stories;
    auto next = given.open(billing, {}, opened->txn);
    most = std::max(most, given.store.stories - before);
    code = code_of(next);
    if (next) opened = std::move(next);
  }
  // Then it is told that this is enough before everybody else waits for it
  CHECK(code == "bad_request");
  CHECK(most < 80);
}

}  // namespace jeton::testing
