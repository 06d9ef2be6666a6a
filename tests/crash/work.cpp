// The clients of a daemon that is about to die.
#include <atomic>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <fmt/core.h>
#include <unistd.h>

#include "crash/round.hpp"

namespace jeton::outside {
namespace {

constexpr int minters = 32, redeemers = 8;
const std::string server = "mcp:stdio:crash";

/// What minters hand to redeemers: every sixth token; the others stay outstanding.
class Desk {
 public:
  explicit Desk(Client client) : client_(std::move(client)) {}

  void mint_until_broken() {
    Json body{{"server", server}, {"tool", "run"}, {"arguments", {{"n", 1}}}};
    for (;;) {
      body["open_id"] = random_id();
      const auto answer = ask(client_, "/v1/calls", body);
      if (!answer) return keep(answer.error());
      const std::lock_guard lock(mutex_);
      Minted minted{answer->at("token"), answer->at("jti")};
      if (++minted_ % 6 == 0) {
        waiting_.push_back(std::move(minted));
        continue;
      }
      round_.outstanding.push_back(std::move(minted));
      ++outstanding_;
    }
  }

  void redeem_until_broken() {
    while (!broken_) {
      auto minted = take();
      if (!minted) {
        pause_between_polls();
        continue;
      }
      Spent spent{std::move(*minted), random_id()};
      const auto answer = ask(client_, "/v1/redeem", redemption(spent));
      const std::lock_guard lock(mutex_);
      if (!answer) {
        round_.unanswered.push_back(std::move(spent));
        return keep(answer.error());
      }
      spent.redeemed_at = answer->at("redeemed_at");
      spent.log_index = answer->at("log_index");
      round_.answered.push_back(std::move(spent));
    }
  }

  [[nodiscard]] int outstanding() const { return outstanding_; }
  [[nodiscard]] bool broken() const { return broken_; }

  /// Once all threads are back: what they knew. Throws for an error that no kill explains.
  [[nodiscard]] Round round() {
    if (!mistake_.empty()) throw std::runtime_error(mistake_);
    for (auto& minted : waiting_) round_.outstanding.push_back(std::move(minted));
    return std::move(round_);
  }

  static Json redemption(const Spent& spent) {
    return {{"server", server},
            {"tool", "run"},
            {"arguments", {{"n", 1}}},
            {"token", spent.minted.token},
            {"redemption_id", spent.redemption_id}};
  }

 private:
  std::optional<Minted> take() {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) return std::nullopt;
    auto minted = std::move(waiting_.front());
    waiting_.pop_front();
    return minted;
  }
  void keep(const Error& error) {
    if (error.code != Code::sidecar_unavailable) mistake_ = fmt::format("{}: {}", name_of(error.code), error.message);
    broken_ = true;
  }

  Client client_;
  std::mutex mutex_;
  std::deque<Minted> waiting_;
  Round round_;
  std::string mistake_;
  int minted_ = 0;
  std::atomic<int> outstanding_ = 0;
  std::atomic<bool> broken_ = false;
};

}  // namespace

Result<Json> ask(const Client& client, const std::string& path, const Json& body) {
  auto answer = client.post(path, body);
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!answer && answer.error().code == Code::log_unavailable && std::chrono::steady_clock::now() < patience)
    answer = client.post(path, body);
  return answer;
}

std::string crash_config() {
  return fmt::format(
      "trust_domain = \"acme.example\"\ndurability = \"full\"\n"
      "[[agent]]\nname = \"self\"\nmatch = [\"unix:uid:{0}\"]\n"
      "[[server]]\nurl = \"{1}\"\nmatch = [\"unix:uid:{0}\"]\n"
      "[[grant]]\nname = \"all\"\nagent = \"self\"\nserver = \"{1}\"\ntools = [\"*\"]\nttl_s = 120\n",
      ::geteuid(), server);
}

Round work_until_killed(Daemon& daemon, int mints, std::mt19937& random) {
  Desk desk(daemon.client());
  std::vector<std::thread> threads;
  for (int i = 0; i < minters; ++i) threads.emplace_back([&desk] { desk.mint_until_broken(); });
  for (int i = 0; i < redeemers; ++i) threads.emplace_back([&desk] { desk.redeem_until_broken(); });
  const bool enough = eventually([&] { return desk.outstanding() >= mints || desk.broken(); }, std::chrono::minutes(2));
  // The moment of the kill is what is under test: any between two mints, inside a commit, before an answer.
  ::usleep(std::uniform_int_distribution<unsigned>(0, 30'000)(random));
  daemon.kill9();
  for (auto& thread : threads) thread.join();
  if (!enough) throw std::runtime_error(fmt::format("only {} mints in two minutes", desk.outstanding()));
  return desk.round();
}

}  // namespace jeton::outside
