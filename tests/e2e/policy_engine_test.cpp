// A real daemon and an engine on loopback that permits, denies, hangs, lies and is not there.
#include <csignal>

#include <sys/stat.h>

#include "support/judged_daemon.hpp"

namespace jeton::outside {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

/// Permits refunds up to 100, if it sees the amount, and every other tool.
std::string small_refunds(Pdp&, const Pdp::Asked& asked) {
  const auto amount = asked.body.value("/context/arguments/amount"_json_pointer, 0);
  return json_answer(amount <= 100 ? R"({"decision":true,"context":{"id":"d-1"}})"
                                   : R"({"decision":false,"context":{"id":"d-2","reason":"over_limit"}})");
}

/// As a form has it.
std::string escaped(const std::string& text) {
  std::string out;
  for (const unsigned char c : text) out += fmt::format("%{:02X}", c);
  return out;
}

std::string permits(Pdp&, const Pdp::Asked&) { return json_answer(R"({"decision":true})"); }

}  // namespace

TEST_CASE("an authzen engine decides beside the grants and both its answers are on record") {
  const Pdp pdp(small_refunds);
  const JudgedDaemon jetond(authzen_at(pdp) + "send_arguments = true\n");
  CHECK(jetond.asked(100) == "ok");
  CHECK(jetond.newest("token.minted") == std::vector<std::string>{"permitted", "d-1"});
  CHECK(jetond.asked(101) == "denied_by_policy denied");
  CHECK(jetond.newest("request.refused") == std::vector<std::string>{"denied:over_limit", "d-2"});

  // then: it was asked in the words of the standard
  const auto asked = pdp.asked();
  REQUIRE(asked.size() == 2);
  CHECK_THAT(asked[0].head, Catch::StartsWith("POST /access/v1/evaluation HTTP/1.1\r\n") &&
                                Catch::Contains("\r\nContent-Type: application/json\r\n") &&
                                Catch::Contains("\r\nX-Request-ID: "));
  CHECK_THAT(asked[0].head, !Catch::Contains("Authorization"));
  const auto& body = asked[0].body;
  CHECK(body["subject"] == Json{{"type", "identity"}, {"id", "spiffe://acme.example/agent/quick"}});
  CHECK(body["action"] == Json{{"name", "tools/call"}});
  CHECK(body["resource"] == Json{{"type", "tool"}, {"id", "refund"}, {"properties", {{"server", judged_server}}}});
  CHECK(body["context"]["arguments"] == Json{{"amount", 100}});
}

TEST_CASE("what the grants refuse never reaches the engine and what it would have seen of arguments stays here") {
  const Pdp pdp(permits);
  const JudgedDaemon jetond(authzen_at(pdp));
  const auto client = Client::connect({jetond.quick_agents_socket(), 10s});
  REQUIRE(client);
  auto other = JudgedDaemon::refund(1);
  other["tool"] = "delete_customer";
  CHECK(client->post("/v1/calls", other).error().code == Code::no_grant);
  CHECK(pdp.asked().empty());
  CHECK(jetond.asked(4711) == "ok");
  REQUIRE(pdp.asked().size() == 1);
  CHECK(pdp.asked()[0].body.dump().find("4711") == std::string::npos);
  CHECK(pdp.asked()[0].body["context"].contains("args_digest"));
}

TEST_CASE("every mint is asked about anew and nothing an engine said is kept") {
  std::atomic<bool> permit = true;
  const Pdp pdp(
      [&](Pdp&, const Pdp::Asked&) { return json_answer(permit ? R"({"decision":true})" : R"({"decision":false})"); });
  const JudgedDaemon jetond(authzen_at(pdp));
  const auto client = Client::connect({jetond.quick_agents_socket(), 10s});
  const auto opened = client->post("/v1/calls", JudgedDaemon::refund(1));
  REQUIRE(opened);
  const auto again = "/v1/calls/" + opened->at("txn").get<std::string>() + "/tokens";
  CHECK(client->post(again, JudgedDaemon::refund(1)));
  permit = false;
  CHECK(client->post(again, JudgedDaemon::refund(1)).error().code == Code::denied_by_policy);
  const auto asked = pdp.asked();
  REQUIRE(asked.size() == 3);
  CHECK(asked[2].body["context"]["attempt"] == 3);
  CHECK(asked[2].body["context"]["txn"] == opened->at("txn"));
}

TEST_CASE("a token that is asked for at the oauth door is decided by the engine as well") {
  const Pdp pdp(small_refunds);
  const JudgedDaemon jetond(authzen_at(pdp) + "send_arguments = true\n");
  const auto token_of = [&](int amount) {
    const Json detail{{"type", "jeton_tool_call"},
                      {"locations", {judged_server}},
                      {"actions", {"tools/call"}},
                      {"identifier", "refund"},
                      {"arguments", {{"amount", amount}}}};
    const auto form = "grant_type=client_credentials&resource=" + escaped(judged_server) +
                      "&authorization_details=" + escaped(Json::array({detail}).dump());
    RawClient client(jetond.quick_agents_socket());
    client.send(
        fmt::format("POST /oauth2/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                    "application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{}",
                    form.size(), form));
    return client.answer().value_or(RawAnswer{});
  };
  CHECK(token_of(100).status == 200);
  CHECK(jetond.newest("token.minted") == std::vector<std::string>{"permitted", "d-1"});
  const auto denied = token_of(101);
  CHECK(denied.status == 400);
  CHECK_THAT(denied.body, Catch::Contains("access_denied"));
  CHECK(jetond.newest("request.refused") == std::vector<std::string>{"denied:over_limit", "d-2"});
  CHECK(pdp.asked().size() == 2);
}

TEST_CASE("an answer that is no clean permit denies whatever is wrong with it and the daemon goes on") {
  struct Wrong {
    std::string answer;
    std::string word;
  };
  const std::string permit = R"({"decision":true})";
  const std::vector<Wrong> table = {
      {json_answer(permit, "201 Created"), "malformed"},
      {json_answer(permit, "302 Found"), "malformed"},
      {json_answer(permit, "403 Forbidden"), "malformed"},
      {json_answer(permit, "500 Internal Server Error"), "malformed"},
      {json_answer(permit, "200 OK", "text/plain"), "malformed"},
      {json_answer(permit, "200 OK", "text/html; application/json"), "malformed"},
      {json_answer("<p>permit</p>"), "malformed"},
      {json_answer(""), "malformed"},
      {json_answer(R"({"decision":true,"decision":true})"), "malformed"},
      {json_answer(R"({"decision":"true"})"), "malformed"},
      {json_answer(R"({"result":true})"), "malformed"},
      {json_answer(R"({"decision":true,"context":{"pad":")" + std::string(70'000, 'x') + "\"}}"), "malformed"},
      {json_answer(R"({"decision":true,"context":{"obligations":[{"id":"1","type":"x"}]}})"), "obligation"},
      {json_answer(R"({"decision":false})"), "denied"},
      {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n" + permit, "timeout"},
      {"SSH-2.0-OpenSSH_9.2\r\n", "unreachable"},
      {"", "unreachable"}};
  std::atomic<std::size_t> row = 0;
  const Pdp pdp([&](Pdp&, const Pdp::Asked&) { return table.at(row).answer; });
  const JudgedDaemon jetond(authzen_at(pdp) + "timeout_ms = 500\n");
  for (row = 0; row < table.size(); ++row) {
    CAPTURE(table[row].answer.substr(0, 120));
    CHECK(jetond.asked() == "denied_by_policy " + table[row].word);
    CHECK(jetond.newest("request.refused")[0] == table[row].word);
  }
  CHECK(jetond.ledger().count("event = 'token.minted'") == 0);
  CHECK(jetond.daemon().alive());
  // Not one word of it is in the log or on stderr.
  CHECK_THAT(jetond.daemon().said(), !Catch::Contains("permit</p>") && !Catch::Contains("OpenSSH"));
}

TEST_CASE("an engine that is not there denies at once and says so") {
  Pdp pdp(permits);
  const JudgedDaemon jetond(authzen_at(pdp));
  CHECK(jetond.asked() == "ok");
  pdp.shut();
  CHECK(jetond.asked() == "denied_by_policy unreachable");
  CHECK(jetond.newest("request.refused")[0] == "unreachable");
  CHECK_THAT(jetond.daemon().said(), Catch::Contains("the policy engine gave no decision"));
}

TEST_CASE("an engine's token goes to the engine and nowhere else and a new one is read at a reload") {
  const Pdp pdp(permits);
  const TempDir home;
  const auto file = home.path() / "token";
  const auto write = [&](const std::string& token) {
    write_file(file, token + "\n");
    REQUIRE(::chmod(file.c_str(), 0600) == 0);
  };
  write("first-token-of-the-engine");
  JudgedDaemon jetond(authzen_at(pdp) + fmt::format("token_file = \"{}\"\n", file.string()));
  CHECK(jetond.asked() == "ok");
  CHECK_THAT(pdp.asked().back().head, Catch::Contains("\r\nAuthorization: Bearer first-token-of-the-engine\r\n"));

  write("second-token-of-the-engine");
  REQUIRE(::kill(jetond.daemon().pid(), SIGHUP) == 0);
  REQUIRE(eventually([&] { return jetond.ledger().count("event = 'config.loaded'") == 2; }));
  CHECK(jetond.asked() == "ok");
  CHECK_THAT(pdp.asked().back().head, Catch::Contains("\r\nAuthorization: Bearer second-token-of-the-engine\r\n"));

  // A token that everybody reads is none: the old one stays.
  REQUIRE(::chmod(file.c_str(), 0644) == 0);
  REQUIRE(::kill(jetond.daemon().pid(), SIGHUP) == 0);
  REQUIRE(eventually([&] { return jetond.ledger().count("event = 'config.rejected'") == 1; }));
  CHECK(jetond.asked() == "ok");
  for (const char* place : {"jeton.db", "jeton.db-wal"})
    CHECK(read_file(jetond.daemon().state() / place).find("token-of-the-engine") == std::string::npos);
  CHECK_THAT(jetond.daemon().said(), !Catch::Contains("token-of-the-engine"));
}

TEST_CASE("status and metrics and doctor say what the engine is and does") {
  const Pdp pdp(small_refunds);
  const JudgedDaemon jetond(authzen_at(pdp) + "timeout_ms = 1000\nsend_arguments = true\n");
  CHECK(jetond.asked(1) == "ok");
  CHECK(jetond.asked(101) == "denied_by_policy denied");
  const auto status = jetond.daemon().client().status();
  REQUIRE(status);
  const auto host = pdp.url("").substr(7);
  CHECK(status->at("policy_engine") ==
        Json{{"engine", "authzen"}, {"host", host}, {"timeout_ms", 1000}, {"send_arguments", true}});
  const auto metrics = jetond.daemon().client().metrics();
  REQUIRE(metrics);
  CHECK_THAT(*metrics, Catch::Contains("jeton_policy_verdicts_total{result=\"permitted\"} 1\n") &&
                           Catch::Contains("jeton_policy_verdicts_total{result=\"denied\"} 1\n") &&
                           Catch::Contains("jeton_policy_seconds_count 2\n"));

  // then: doctor asks only when it is told to, and then says that this one permits what nobody has
  const auto doctor = [&](std::vector<std::string> more) {
    std::vector<std::string> command{program("jeton"), "doctor",
                                     "--socket",       jetond.daemon().socket().string(),
                                     "--state",        jetond.daemon().state().string(),
                                     "--config",       (jetond.daemon().home() / "jeton.toml").string()};
    command.insert(command.end(), more.begin(), more.end());
    return run({.command = command});
  };
  const auto before = pdp.asked().size();
  CHECK_THAT(doctor({}).out, !Catch::Contains("permits a tool"));
  CHECK(pdp.asked().size() == before);
  CHECK_THAT(doctor({"--ask-engine"}).out, Catch::Contains("authzen at " + host + " permits a tool that nobody has"));
  CHECK(pdp.asked().size() == before + 1);
}

TEST_CASE("policy explain says that an engine decides as well and asks nobody") {
  const Pdp pdp(permits);
  const JudgedDaemon jetond(authzen_at(pdp));
  const auto explained = run(
      {.command = {program("jeton"), "policy", "explain", "--config", (jetond.daemon().home() / "jeton.toml").string(),
                   "--agent", "quick", "--server", judged_server, "--tool", "refund", "--args", "{}"}});
  CHECK(explained.status == 0);
  CHECK_THAT(explained.out, Catch::Contains("\nthen authzen at " + pdp.url("").substr(7) +
                                            " decides as well; it was not asked here\n"));
  CHECK(pdp.asked().empty());
}

TEST_CASE("without an engine nothing of one is there: no status, no metric, no IP socket and no thread more") {
  const Daemon daemon;
  CHECK_FALSE(daemon.client().status().value().contains("policy_engine"));
  CHECK_THAT(daemon.client().metrics().value(), !Catch::Contains("jeton_policy"));
}

}  // namespace jeton::outside
