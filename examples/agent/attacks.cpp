// The attacks as a table, and the steps they are made of.
#include "agent/attacks.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <latch>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jeton/base64url.hpp"
#include "jeton/clock.hpp"
#include "jeton/verifier.hpp"

namespace example {
namespace {

constexpr std::size_t threads = 64;
constexpr const char* tool = "read_file";
constexpr const char* expiring_tool = "demo_expiring";
const Json arguments = {{"path", "welcome.txt"}, {"max_bytes", 4096}};

/// What an attack met: "ok", a code, or a sentence.
struct Met {
  std::string what;
  bool skipped = false;
};

Met failed(const jeton::Error& error) { return {fmt::format("{}: {}", jeton::name_of(error.code), error.message)}; }
Met skipped(std::string why) { return {std::move(why), true}; }

/// A call that was just opened, with its first token.
struct Fresh {
  jeton::CallScope scope;
  jeton::MintedToken minted;
  [[nodiscard]] const std::string& token() const { return minted.token.expose_for_transport(); }
};

jeton::Result<Fresh> fresh(const jeton::Client& client, const std::string& server, const char* name = tool,
                           const Json& with = arguments) {
  auto scope = client.open({.tool = name, .arguments = with, .server = server, .run_id = "attacks"});
  if (!scope) return jeton::refuse(scope.error());
  auto minted = scope->mint(server);
  if (!minted) return jeton::refuse(minted.error());
  return Fresh{std::move(*scope), std::move(*minted)};
}

/// Presents a token to the tool server, with a call that may be another than it was minted for.
Met present(Stage& stage, const jeton::Token& token, const char* name = tool, const WireArguments& with = arguments) {
  const auto answer = stage.tools.call_tool(token, name, with);
  if (!answer) return {answer.error()};
  if (answer->refused) return {std::string(jeton::name_of(answer->refused->code))};
  return {answer->receipt ? "ok" : "no receipt"};
}

Met used_twice(Stage& stage) {
  auto call = fresh(stage.client, stage.server);
  if (!call) return failed(call.error());
  if (const Met first = present(stage, call->minted.token); first.what != "ok") return {first.what + " the first time"};
  Met second = present(stage, call->minted.token);
  if (const auto told = call->scope.finish(jeton::Outcome::ok); !told) return failed(told.error());
  return second;
}

Met used_by_many(Stage& stage) {
  auto call = fresh(stage.client, stage.server);
  if (!call) return failed(call.error());
  jeton::ClientOptions patient = stage.sidecar;
  patient.deadline = std::chrono::seconds(5);
  std::atomic<std::size_t> ok = 0, already = 0;
  std::latch ready(threads);
  std::vector<std::thread> crowd;
  for (std::size_t i = 0; i < threads; ++i) {
    crowd.emplace_back([&] {
      const auto verifier = jeton::Verifier::connect(stage.server, patient);
      ready.arrive_and_wait();  // all of them at once
      if (!verifier) return;
      const auto redeemed = verifier->redeem(call->token(), tool, arguments);
      if (redeemed) ++ok;
      if (!redeemed && redeemed.error().code == jeton::Code::already_redeemed) ++already;
    });
  }
  for (std::thread& one : crowd) one.join();
  if (const auto told = call->scope.finish(jeton::Outcome::ok); !told) return failed(told.error());
  return {fmt::format("{} ok, {} already_redeemed", ok.load(), already.load())};
}

Met one_argument_changed(Stage& stage) {
  const auto call = fresh(stage.client, stage.server);
  if (!call) return failed(call.error());
  return present(stage, call->minted.token, tool, {{"path", "pricing.txt"}, {"max_bytes", 4096}});
}

Met arguments_reordered(Stage& stage) {
  auto call = fresh(stage.client, stage.server);
  if (!call) return failed(call.error());
  // The SDK sends members in the order of their names; this is the other order.
  Met met = present(stage, call->minted.token, tool, {{"path", "welcome.txt"}, {"max_bytes", 4096}});
  if (const auto told = call->scope.finish(jeton::Outcome::ok); !told) return failed(told.error());
  return met;
}

Met another_tool(Stage& stage) {
  const auto call = fresh(stage.client, stage.server);
  if (!call) return failed(call.error());
  return present(stage, call->minted.token, "list_directory");
}

Met another_server(Stage& stage) {
  const auto call = fresh(stage.client, stage.other_server);
  if (!call) return failed(call.error());
  return present(stage, call->minted.token);
}

Met too_late(Stage& stage) {
  const auto call = fresh(stage.client, stage.server, expiring_tool);
  if (!call) return failed(call.error());
  const jeton::SystemClock clock;
  const std::int64_t until = clock.boot_us() + 1'100'000;  // its grant gives it one second
  stage.waiting("waiting for a token to expire");
  while (clock.boot_us() < until) ::poll(nullptr, 0, 20);
  return present(stage, call->minted.token, expiring_tool);
}

Met from_another_daemon(Stage& stage) {
  if (!stage.second_socket) return skipped("no second daemon");
  jeton::ClientOptions options = stage.sidecar;
  options.socket = *stage.second_socket;
  const auto second = jeton::Client::connect(options);
  if (!second) return failed(second.error());
  const auto call = fresh(*second, stage.server);
  if (!call) return failed(call.error());
  return present(stage, call->minted.token);
}

Met forged_signature(Stage& stage) {
  const auto call = fresh(stage.client, stage.server);
  if (!call) return failed(call.error());
  const std::string& genuine = call->token();
  const std::size_t dot = genuine.rfind('.');
  auto signature = jeton::from_base64url(std::string_view(genuine).substr(dot + 1));
  if (!signature || signature->empty()) return {"a token without a signature"};
  signature->front() ^= 1;  // one bit, then encoded anew: a well-formed token that nobody signed
  const jeton::Token forged(genuine.substr(0, dot + 1) + jeton::base64url(*signature));
  return present(stage, forged);
}

Met same_redemption_again(Stage& stage) {
  auto call = fresh(stage.client, stage.server);
  if (!call) return failed(call.error());
  const auto verifier = jeton::Verifier::connect(stage.server, stage.sidecar);
  if (!verifier) return failed(verifier.error());
  const std::string id = jeton::random_id();
  const auto first = verifier->redeem(call->token(), tool, arguments, id);
  if (!first) return failed(first.error());
  const auto second = verifier->redeem(call->token(), tool, arguments, id);
  if (!second) return failed(second.error());
  if (const auto told = call->scope.finish(jeton::Outcome::ok); !told) return failed(told.error());
  const bool same = !first->repeated && second->repeated && first->receipt() == second->receipt();
  return {same ? "ok, repeated" : "ok, but another answer"};
}

Met older_attempt(Stage& stage) {
  auto call = fresh(stage.client, stage.server);
  if (!call) return failed(call.error());
  if (const auto newer = call->scope.mint(stage.server); !newer) return failed(newer.error());
  return present(stage, call->minted.token);
}

Met another_account(Stage& stage) {
  if (!stage.jeton) return skipped("no jeton command given");
  if (::geteuid() != 0) return skipped("not root");
  struct stat socket {};
  if (::stat(stage.client.socket().c_str(), &socket) != 0) return {"no socket"};
  auto child = Child::start({"setpriv", "--reuid=65534", fmt::format("--regid={}", socket.st_gid), "--clear-groups",
                             stage.jeton->string(), "mint", "--json", "--socket", stage.client.socket().string(),
                             "--server", stage.server, "--tool", tool, "--args", arguments.dump()});
  if (!child) return skipped(child.error());
  const std::string said = child->read_all(std::chrono::seconds(5));
  const int status = child->finish();
  const auto answer = jeton::parse_json_strictly(said);
  if (!answer || !answer->is_object()) return {fmt::format("exit status {} without a code", status)};
  return {answer->value("code", "a token")};
}

struct Attack {
  std::string_view name;
  std::string_view expected;
  Met (*run)(Stage&);
};

constexpr std::array<Attack, 12> attacks = {{
    {"used twice", "already_redeemed", used_twice},
    {"used by 64 threads at once", "1 ok, 63 already_redeemed", used_by_many},
    {"one argument changed", "args_mismatch", one_argument_changed},
    {"arguments only reordered", "ok", arguments_reordered},
    {"another tool", "wrong_tool", another_tool},
    {"another server", "wrong_audience", another_server},
    {"a second after its time", "expired", too_late},
    {"from a second daemon", "unknown_key", from_another_daemon},
    {"forged signature", "bad_signature", forged_signature},
    {"redeemed again with the same redemption_id", "ok, repeated", same_redemption_again},
    {"an older attempt after a newer was minted", "superseded", older_attempt},
    {"another account with the socket's group", "unknown_agent", another_account},
}};

}  // namespace

void run_attacks(Stage& stage, const std::function<void(const AttackLine&)>& each) {
  for (const Attack& attack : attacks) {
    const auto start = std::chrono::steady_clock::now();
    Met met = attack.run(stage);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    const Verdict verdict = met.skipped                   ? Verdict::skipped
                            : met.what == attack.expected ? Verdict::as_expected
                                                          : Verdict::unexpected;
    each({attack.name, attack.expected, std::move(met.what), verdict, took.count()});
  }
}

}  // namespace example
