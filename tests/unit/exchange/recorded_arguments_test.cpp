// A grant that records: what is sealed at a mint, when it is not, and what a digest alone is told.
#include "support/exchange_fixture.hpp"

namespace {

namespace t = jeton::testing;
using jeton::EventKind;
using jeton::MintRequest;
using jeton::OpenRequest;
using t::code_of;

jeton::CallBinding with_arguments(const std::string& tool, const std::string& arguments) {
  auto call = t::binding(tool, arguments);
  call.arguments = jeton::Json::parse(arguments);
  return call;
}

/// Billing may refund and look at the crm: refunds are recorded, and a later grant that covers them too is not.
struct Recording {
  template <class Work>
  auto durably(Work work) {
    std::optional<decltype(work())> answer;
    REQUIRE(process.exchange.transact([&] { answer.emplace(work()); }));
    return std::move(*answer);
  }
  jeton::Result<jeton::Opened> open(const jeton::CallBinding& call, std::optional<std::string> server = t::crm) {
    OpenRequest request{call};
    request.server = std::move(server);
    return durably([&] { return process.exchange.open(t::caller_of(t::billing), request); });
  }
  jeton::Result<jeton::Minted> mint(const jeton::Txn& txn, const jeton::CallBinding& call) {
    return durably([&] { return process.exchange.mint(t::caller_of(t::billing), MintRequest{txn, t::crm, call}); });
  }
  const jeton::Event& last() const { return store.events().back(); }

  jeton::OpeningKey reviewer = jeton::OpeningKey::generate();
  t::FakeClock clock;
  t::MemoryStore store;
  jeton::Roles roles = t::company_roles();
  jeton::Grants grants{{{"billing", t::crm, {"refund"}, {.grant = "recorded", .seal_to = reviewer.sealing_key()}},
                        {"billing", t::crm, {"*"}, {.grant = "everything"}}}};
  jeton::LogSecret secret = jeton::LogSecret::ephemeral();
  t::Process process{store, grants, roles, secret, clock};
};

}  // namespace

TEST_CASE("the first token of a recorded call seals its canonical arguments and the event has their hash") {
  Recording company;
  const auto opened = company.open(with_arguments("refund", R"({"order":"A-17","amount":40.0})"));
  REQUIRE(opened);
  const auto sealed = company.store.reader()->sealed(opened->log_index);
  REQUIRE(sealed);
  CHECK(company.reviewer.open(*sealed) == R"({"amount":40,"order":"A-17"})");
  CHECK(company.last().kind == EventKind::token_minted);
  CHECK(company.last().sealed_sha256 == jeton::sha256(*sealed));
}

TEST_CASE("a recorded call is sealed once however many attempts it has") {
  Recording company;
  const auto call = with_arguments("refund", R"({"amount":40})");
  const auto opened = company.open(call, std::nullopt);
  REQUIRE(opened);
  CHECK_FALSE(company.last().sealed_sha256);  // a provisional open decides nothing
  REQUIRE(company.mint(opened->txn, call));
  CHECK(company.last().sealed_sha256);
  REQUIRE(company.mint(opened->txn, call));
  CHECK_FALSE(company.last().sealed_sha256);
  CHECK(company.store.log()->sealed.size() == 1);
}

TEST_CASE("a grant that records refuses a digest alone and no later grant lets it through") {
  Recording company;
  const auto refused = company.open(t::binding("refund"));
  REQUIRE_FALSE(refused);
  CHECK(code_of(refused) == "bad_arguments");
  CHECK_THAT(refused.error().message, Catch::Contains("send them, not their digest"));
  CHECK(company.last().kind == EventKind::request_refused);
  // The same of a later attempt, and nothing is kept.
  const auto opened = company.open(with_arguments("refund", R"({"amount":1})"));
  REQUIRE(opened);
  CHECK(code_of(company.mint(opened->txn, t::binding("refund"))) == "bad_arguments");
  CHECK(company.store.log()->sealed.size() == 1);
}

TEST_CASE("nothing is sealed under a grant that does not record") {
  Recording company;
  REQUIRE(company.open(with_arguments("look", R"({"amount":40})")));
  REQUIRE(company.open(t::binding("look")));
  CHECK_FALSE(company.last().sealed_sha256);
  CHECK(company.store.log()->sealed.empty());
}

TEST_CASE("a recorded mint that is not committed seals nothing") {
  Recording company;
  OpenRequest request{with_arguments("refund", R"({"amount":40})")};
  request.server = t::crm;
  company.store.set_disk(t::MemoryStore::Disk::fails_at_commit);
  CHECK_FALSE(company.process.exchange.transact(
      [&] { CHECK(company.process.exchange.open(t::caller_of(t::billing), request)); }));
  CHECK(company.store.events().empty());
  CHECK(company.store.log()->sealed.empty());
}
