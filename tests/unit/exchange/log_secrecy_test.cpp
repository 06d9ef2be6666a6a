// What a thief of the log's file learns: no token, no argument, no digest, no redemption id.
#include <SQLiteCpp/SQLiteCpp.h>

#include "store/sqlite_store.hpp"
#include "support/exchange_fixture.hpp"
#include "support/forge.hpp"
#include "support/temp_dir.hpp"

namespace {

namespace t = jeton::testing;
using t::code_of;
using t::Company;

std::string raw(std::span<const unsigned char> bytes) { return {bytes.begin(), bytes.end()}; }

std::string all_bytes_of(const std::filesystem::path& dir) {
  std::string all;
  for (const auto& entry : std::filesystem::directory_iterator(dir)) all += t::bytes_of(entry.path());
  return all;
}

}  // namespace

TEST_CASE("the bytes of the ledger hold nothing that could be used or guessed") {
  const t::TempDir dir;
  auto store = jeton::open_sqlite_store(dir / "jeton.db", jeton::Sync::normal);
  REQUIRE(store);
  Company company(**store);
  const std::string secret_value = "sort code 55-11-22";
  const auto call = t::binding("refund", R"({"account":")" + secret_value + R"("})");
  const std::string redemption_id = "redemption-id-of-the-crm";
  const std::string open_id = "open-id-of-the-agent";

  // Given: a whole life of a call, with refusals on the way.
  const auto opened = company.open(t::billing, t::crm, call, open_id);
  REQUIRE(opened);
  const auto minted = company.open(t::billing, t::crm, call, open_id);
  REQUIRE(minted);
  const auto& token = minted->minted->token;
  const auto other = t::binding("refund", R"({"account":"another secret"})");
  CHECK(code_of(company.redeem(t::crm_account, token, t::crm, other, redemption_id)) == "args_mismatch");
  CHECK(code_of(company.open(t::billing, t::crm, other, open_id)) == "call_mismatch");
  REQUIRE(company.redeem(t::crm_account, token, t::crm, call, redemption_id));
  CHECK(code_of(company.redeem(t::crm_account, token, t::crm, call, "second use")) == "already_redeemed");
  REQUIRE(company.finish(t::billing, {opened->txn, jeton::Outcome::ok}));

  // Then: neither the live files nor the checkpointed one hold any of it, in any spelling.
  std::vector<std::string> forbidden = {secret_value, "another secret", redemption_id,
                                        open_id,      "second use",     "sort code"};
  for (const auto* each : {&opened->minted->token, &token}) {
    const auto parts = jeton::forge::parts_of(each->expose_for_transport());
    for (const auto& part :
         {parts.payload, parts.signature, parts.signature.substr(0, 20), parts.payload.substr(0, 40)})
      forbidden.push_back(part);
  }
  for (const auto& digest : {call.digest, other.digest})
    for (const auto& text :
         {digest.text(), jeton::hex(digest.bytes), raw(digest.bytes), raw(digest.bytes).substr(0, 16)})
      forbidden.push_back(text);
  for (const auto& id : {redemption_id, open_id}) {
    const auto hash = jeton::sha256(id);
    forbidden.push_back(jeton::hex(hash));
    forbidden.push_back(raw(hash));
  }
  for (const bool checkpointed : {false, true}) {
    if (checkpointed) store->reset();
    const auto bytes = all_bytes_of(dir.path());
    CHECK((bytes.find(opened->txn.text()) != bytes.npos));
    for (const auto& text : forbidden) {
      CAPTURE(checkpointed, text.size());
      CHECK((bytes.find(text) == bytes.npos));
    }
  }
}

TEST_CASE("the same arguments in two calls look different in the log") {
  Company company;
  const auto one = company.minted_refund();
  const auto two = company.minted_refund();
  CHECK(company.memory.events().at(0).args_mac != company.memory.events().at(1).args_mac);
  CHECK(company.memory.events().at(0).args_mac == company.secret.args_mac(one.txn, t::binding("refund").digest));
}

TEST_CASE("no message of a refusal repeats an argument or a token") {
  Company company;
  const auto call = t::binding("refund", R"({"account":"sort code"})");
  const auto opened = company.open(t::billing, t::crm, call, "id");
  const auto& text = opened->minted->token.expose_for_transport();
  std::vector<std::string> messages;
  const auto note = [&messages](const auto& result) {
    REQUIRE_FALSE(result);
    messages.push_back(result.error().message);
  };
  note(company.redeem(t::crm_account, opened->minted->token, t::crm, t::binding("refund"), "id"));
  note(company.redeem(t::caller_of(t::crm_account), {text + "A", t::crm, call, "id"}));
  note(company.redeem(t::caller_of(t::crm_account), {text.substr(1), t::crm, call, "id"}));
  note(company.open(t::billing, t::crm, t::binding("refund"), "id"));
  for (const auto& message : messages) {
    CAPTURE(message);
    CHECK(message.find("sort code") == message.npos);
    CHECK(message.find(text.substr(0, 16)) == message.npos);
    CHECK(message.find(call.digest.text()) == message.npos);
  }
}
