// An agent behind a tool server calls on, at a real daemon: for whom it was called, and never with more.
#include <fmt/core.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "support/daemon.hpp"
#include "support/ledger.hpp"

namespace jeton::outside {
namespace {

constexpr const char* crm = "https://crm.example/mcp";
constexpr const char* mail = "https://mail.example/mcp";

/// One account is everybody but the agents, which have sockets of their own.
struct Given {
  TempDir sockets;
  Daemon daemon{{.config = config()}};

  [[nodiscard]] std::string config() const {
    return fmt::format(
        "trust_domain = \"acme.example\"\n"
        "[[agent]]\nname = \"front\"\nmatch = [\"jeton:socket:{0}/front\"]\n"
        "[[agent]]\nname = \"back\"\nmatch = [\"jeton:socket:{0}/back\"]\n"
        "[[server]]\nurl = \"{1}\"\nmatch = [\"unix:uid:{3}\"]\ndelegates_to = [\"back\"]\n"
        "[[server]]\nurl = \"{2}\"\nmatch = [\"unix:uid:{3}\"]\n"
        "[[grant]]\nname = \"asks\"\nagent = \"front\"\nserver = \"{1}\"\ntools = [\"ask\"]\n"
        "[[grant]]\nname = \"sends\"\nagent = \"front\"\nserver = \"{2}\"\ntools = [\"send\"]\n"
        "[[grant]]\nname = \"sends-and-wipes\"\nagent = \"back\"\nserver = \"{2}\"\ntools = [\"send\", \"wipe\"]\n",
        sockets.path().string(), crm, mail, ::geteuid());
  }
  [[nodiscard]] Client client(const char* agent) const {
    auto options = daemon.client_options();
    options.socket = sockets.path() / agent;
    auto connected = Client::connect(options);
    REQUIRE(connected);
    return *connected;
  }
  static ToolCall call(const char* server, const char* tool) {
    ToolCall made;
    made.tool = tool;
    made.server = server;
    made.arguments = {{"to", "x"}};
    return made;
  }
};

}  // namespace

TEST_CASE("the agent behind a tool server sends on with a redeemed token what both may send, and nothing else") {
  Given given;
  const auto front = given.client("front"), back = given.client("back");
  auto asked = front.open(Given::call(crm, "ask"));
  REQUIRE(asked);
  const auto token = asked->mint(crm);
  REQUIRE(token);

  auto sent = Given::call(mail, "send");
  sent.subject_token = token->token;
  const auto early = back.open(sent);
  REQUIRE_FALSE(early);
  CHECK(early.error().code == Code::unknown_call);  // nobody has redeemed it yet

  const auto redeemed = given.daemon.client().post("/v1/redeem", {{"token", token->token.expose_for_transport()},
                                                                  {"server", crm},
                                                                  {"tool", "ask"},
                                                                  {"arguments", {{"to", "x"}}},
                                                                  {"redemption_id", "once"}});
  REQUIRE(redeemed);
  auto child = back.open(sent);
  REQUIRE(child);
  auto wiped = Given::call(mail, "wipe");
  wiped.subject_token = token->token;
  const auto more = back.open(wiped);
  REQUIRE_FALSE(more);
  CHECK(more.error().code == Code::no_grant);

  const Ledger ledger(given.daemon.state());
  CHECK(ledger.one(fmt::format("SELECT subject FROM events WHERE txn = '{}'", child->txn().text())) ==
        "spiffe://acme.example/agent/front");
  CHECK(ledger.one(fmt::format("SELECT parent_txn FROM events WHERE txn = '{}'", child->txn().text())) ==
        asked->txn().text());
}

}  // namespace jeton::outside
