// A log with ordinary traffic, and incidents put into it on purpose: what a reviewer's tools are tried on.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "store/sqlite_store.hpp"
#include "support/catch.hpp"
#include "support/events.hpp"
#include "support/exchange_fixture.hpp"
#include "support/temp_dir.hpp"

namespace jeton::testing {

/// What an agent does day by day.
struct Habit {
  const char* agent;
  uid_t uid;
  const char* server;
  uid_t server_uid;
  const char* tool;
};

/// Four agents and what each of them does from its first hour on.
inline const std::vector<Habit>& habits() {
  static const std::vector<Habit> all{
      {"billing", billing, crm, crm_account, "refund"},     {"billing", billing, crm, crm_account, "lookup_order"},
      {"billing", billing, mail, mail_account, "send"},     {"billing", billing, vault, vault_account, "open"},
      {"support", support, crm, crm_account, "refund"},     {"both", both, echo_server, both, "echo"},
      {"research", 1007, crm, crm_account, "lookup_order"}, {"research", 1007, mail, mail_account, "send"}};
  return all;
}

class ReviewLog {
 public:
  ReviewLog() : store_(opened(dir / "jeton.db")), company(*store_) {}

  /// One honest call of this habit. `number` makes some of them unusual in ways that are no incident.
  void call(const Habit& habit, int number);
  /// So many calls within so much time, the habits in turn.
  void traffic(int calls, std::int64_t seconds);

  /// Appends one event in a transaction of its own.
  std::uint64_t append(const Event& event);
  /// An event of one of the call's tokens, now, by the account.
  [[nodiscard]] Event event(EventKind kind, const Txn& txn, std::optional<Jti> jti, Role role, uid_t uid) const;
  /// A token of the habit, in the log alone: nobody can redeem it.
  Event minted(const Habit& habit, std::int64_t attempt = 1, std::optional<Txn> txn = std::nullopt);
  std::uint64_t redeemed(const Event& minted, uid_t uid);
  std::uint64_t reported(const Event& minted, Role role, uid_t uid, Outcome outcome);
  /// What the daemon writes once a second, if it is due.
  std::vector<Event> keep_house();

  TempDir dir;

 private:
  static std::unique_ptr<Store> opened(const std::filesystem::path& file) {
    auto store = open_sqlite_store(file, Sync::normal);
    REQUIRE(store);
    return std::move(*store);
  }
  std::unique_ptr<Store> store_;
  int next_id_ = 0;

 public:
  Company company;
};

}  // namespace jeton::testing
