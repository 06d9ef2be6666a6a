// A daemon's heart without its door: an Exchange over any Store, with the roles and grants of a small company.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "exchange/exchange.hpp"
#include "policy/grants.hpp"
#include "support/catch.hpp"
#include "support/fake_clock.hpp"
#include "support/memory_store.hpp"
#include "support/slow_keys.hpp"

namespace jeton::testing {

// The accounts. `both` is an agent and a tool server; nobody configured `stranger`.
inline constexpr uid_t operator_uid = 0, billing = 1001, crm_account = 1002, support = 1003, mail_account = 1004,
                       both = 1005, vault_account = 1006, stranger = 4242;
inline constexpr const char* crm = "https://crm.example/mcp";
inline constexpr const char* mail = "https://mail.example/mcp";
inline constexpr const char* files = "mcp:stdio:files";  // self-redeemed
inline constexpr const char* echo_server = "https://echo.example/mcp";
inline constexpr const char* vault = "https://vault.example/mcp";  // verifies offline
inline constexpr const char* test_issuer = "https://issuer.example";
inline constexpr const char* sts = "https://sts.example/";  // takes federation tokens

inline Caller caller_of(uid_t uid, std::optional<pid_t> pid = 77) {
  return Caller{.uid = uid, .gid = uid, .pid = pid, .exe = "/usr/bin/a program", .socket = "/run/jeton/agent.sock"};
}

inline CallBinding binding(const std::string& tool, const std::string& arguments = R"({"amount":1})") {
  return {tool, args_digest(tool, Json::parse(arguments)).value()};
}

inline Roles company_roles() {
  const auto agent = [](const std::string& name, uid_t uid) {
    return AgentEntry{name, "spiffe://acme.example/agent/" + name, SelectorSet::of_uid(uid)};
  };
  Roles::Entries all;
  all.agents = {agent("billing", billing), agent("support", support), agent("both", both)};
  all.servers = {{crm, SelectorSet::of_uid(crm_account)},
                 {mail, SelectorSet::of_uid(mail_account)},
                 {echo_server, SelectorSet::of_uid(both)},
                 {files, std::nullopt},
                 {vault, SelectorSet::of_uid(vault_account), true}};
  all.operators = {SelectorSet::of_uid(operator_uid)};
  all.relying_parties = {{"backup-bucket", sts, {"billing"}, Algorithm::es256, 300, 6}};
  return Roles(all);
}

inline Grants company_grants() {
  return Grants({{"billing", crm, {"refund", "lookup_*"}, {"refunds", 30, 3, 1, std::nullopt}},
                 {"billing", mail, {"send"}, {"mails", 30, 8, 2, std::nullopt}},
                 {"billing", files, {"read", "refund"}, {"reads", 120, 8, 1, 3}},
                 {"billing", vault, {"open"}, {"vaults", 30, 3, 1, std::nullopt}},
                 {"billing", vault, {"look"}, {"looks", 30, 3, 2, std::nullopt}},
                 {"support", crm, {"refund"}, {"helping", 30, 8, 1, std::nullopt}},
                 {"both", echo_server, {"echo"}, {"echoes", 30, 8, 1, std::nullopt}}});
}

/// What is lost when the daemon dies: keys, minted tokens, counters.
struct Process {
  Process(Store& store, const Policy& policy, const Roles& roles, const LogSecret& secret, const Clock& clock,
          SlowKeys* slow = nullptr, FederationKeys* federation = nullptr)
      : keyring(clock, roles.algorithms(), slow),
        exchange({store, policy, roles, keyring, secret, clock, test_issuer, federation}) {}
  Keyring keyring;
  Exchange exchange;
};

/// Each request is a transaction of its own, as a lone request at the door is.
class Company {
 public:
  explicit Company(Store& store) : store_(&store) { restart(); }
  Company() : Company(memory) {}

  void restart() { process.emplace(*store_, grants, roles, secret, clock, &slow_keys, &federation); }
  /// The same machine with another ledger under it: a backup that was put back.
  void restart_on(Store& store) {
    store_ = &store;
    restart();
  }

  /// Runs `work` in a transaction that must succeed.
  template <class Work>
  auto durably(Work work) {
    std::optional<decltype(work())> answer;
    auto done = process->exchange.transact([&] { answer.emplace(work()); });
    REQUIRE(done);
    return std::move(*answer);
  }

  Result<Opened> open(uid_t uid, const OpenRequest& request) {
    return durably([&] { return process->exchange.open(caller_of(uid), request); });
  }
  /// Opens with a server, so the first token comes along.
  Result<Opened> open(uid_t uid, const std::string& server, const CallBinding& call,
                      std::optional<std::string> open_id = std::nullopt) {
    OpenRequest request{call};
    request.server = server;
    request.open_id = std::move(open_id);
    return open(uid, request);
  }
  Result<Minted> mint(uid_t uid, const Txn& txn, const std::string& server, const CallBinding& call) {
    return durably([&] { return process->exchange.mint(caller_of(uid), {txn, server, call}); });
  }
  Result<Redeemed> redeem(const Caller& caller, const RedeemRequest& request) {
    return durably([&] { return process->exchange.redeem(caller, request); });
  }
  Result<Redeemed> redeem(uid_t uid, const Token& token, const std::string& server, const CallBinding& call,
                          const std::string& redemption_id) {
    return redeem(caller_of(uid), {token.expose_for_transport(), server, call, redemption_id});
  }
  Result<Federated> federate(const Caller& caller, const std::string& party = "backup-bucket") {
    return durably([&] { return process->exchange.federate(caller, {party}); });
  }
  Result<Revoked> revoke(uid_t uid, const RevokeRequest& request) {
    return durably([&] { return process->exchange.revoke(caller_of(uid), request); });
  }
  Result<Switched> disable(uid_t uid, const std::string& agent) {
    return durably([&] { return process->exchange.switch_agent(caller_of(uid), {agent, true}); });
  }
  Result<Switched> enable(uid_t uid, const std::string& agent) {
    return durably([&] { return process->exchange.switch_agent(caller_of(uid), {agent, false}); });
  }
  Result<Finished> finish(uid_t uid, const FinishRequest& request) {
    return durably([&] { return process->exchange.finish(caller_of(uid), request); });
  }

  /// A refund of billing at the crm, freshly opened and minted.
  Minted minted_refund() {
    auto opened = open(billing, crm, binding("refund"));
    REQUIRE(opened);
    REQUIRE(opened->minted);
    return std::move(*opened->minted);
  }
  /// Redeems a refund as its tool server does.
  Result<Redeemed> redeem_refund(const Minted& minted, const std::string& redemption_id = "first") {
    return redeem(crm_account, minted.token, crm, binding("refund"), redemption_id);
  }

  [[nodiscard]] Store& store() { return *store_; }
  [[nodiscard]] std::size_t count(EventKind kind) const {
    std::size_t found = 0;
    for (const auto& event : memory.events()) found += event.kind == kind ? 1 : 0;
    return found;
  }

  FakeClock clock;
  MemoryStore memory;
  SlowKeysByHand slow_keys;
  FederationKeys federation = FederationKeys::ephemeral();  ///< none until some are wanted
  Roles roles = company_roles();
  const Grants grants = company_grants();
  const LogSecret secret = LogSecret::ephemeral();
  std::optional<Process> process;

 private:
  Store* store_;
};

/// The code of a refusal; "ok" for an answer.
template <class T>
std::string code_of(const Result<T>& result) {
  return result ? "ok" : std::string(name_of(result.error().code));
}

}  // namespace jeton::testing
