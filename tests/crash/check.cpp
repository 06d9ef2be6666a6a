// The promises, asked of the daemon that came after and read in the log.
#include <algorithm>
#include <set>
#include <stdexcept>

#include <fmt/core.h>

#include "crash/round.hpp"
#include "support/ledger.hpp"

namespace jeton::outside {
namespace {

void demand(bool holds, const std::string& promise) {
  if (!holds) throw std::runtime_error(promise);
}

Result<Json> redeem(const Client& client, const Minted& minted, const std::string& id) {
  return ask(client, "/v1/redeem",
             {{"server", "mcp:stdio:crash"},
              {"tool", "run"},
              {"arguments", {{"n", 1}}},
              {"token", minted.token},
              {"redemption_id", id}});
}

void demand_refused(const Client& client, const Minted& minted, Code code, const std::string& promise) {
  const auto answer = redeem(client, minted, random_id());
  demand(!answer, promise + ": it was accepted, jti " + minted.jti);
  demand(answer.error().code == code,
         fmt::format("{}: {} instead of {}, jti {}", promise, name_of(answer.error().code), name_of(code), minted.jti));
}

void demand_repeated(const Client& client, const Spent& spent) {
  const auto again = redeem(client, spent.minted, spent.redemption_id);
  demand(again.has_value(), "an answered redemption is answered again: " + (again ? "" : again.error().message));
  demand(again->at("repeated") == true && again->at("redeemed_at") == spent.redeemed_at &&
             again->at("log_index") == spent.log_index,
         "an answered redemption gets the same answer again, jti " + spent.minted.jti);
}

/// Some of many, spread evenly, so that a check stays quick however long the list grows.
template <class T>
std::vector<const T*> sample(const std::vector<T>& all, std::size_t count) {
  std::vector<const T*> some;
  const auto step = std::max<std::size_t>(1, all.size() / count);
  for (std::size_t i = 0; i < all.size(); i += step) some.push_back(&all[i]);
  return some;
}

std::set<std::string> jtis_since(const Ledger& ledger, const std::string& log_index, const std::string& event) {
  std::set<std::string> all;
  for (auto& row :
       ledger.rows("SELECT jti FROM events WHERE log_index >= " + log_index + " AND event = '" + event + "'"))
    all.insert(std::move(row.front()));
  return all;
}

}  // namespace

std::string Totals::text() const {
  return fmt::format("kills {} minted {} redeemed {} repeated {} unanswered {} of which spent {}", kills, minted,
                     answered, repeated, unanswered, unanswered_but_spent);
}

void check_after_restart(const Daemon& daemon, const Round& round, std::vector<Spent>& answered, Totals& totals) {
  const auto client = daemon.client();
  for (const auto& spent : round.answered) demand_repeated(client, spent);
  for (const auto& spent : round.unanswered) {
    // Nobody knows how it ended; the same id finds out, and never makes it happen now: the key is gone.
    const auto now = redeem(client, spent.minted, spent.redemption_id);
    if (now) {
      demand(now->at("repeated") == true,
             "an unanswered redemption is not made good by a later daemon, jti " + spent.minted.jti);
      ++totals.unanswered_but_spent;
    } else {
      demand(now.error().code == Code::unknown_key,
             "an unanswered redemption that never happened is unknown_key: " + now.error().message);
    }
  }
  for (const auto* spent : sample(round.answered, 60))
    demand_refused(client, spent->minted, Code::already_redeemed, "a redeemed token is refused to everybody else");
  for (const auto* minted : sample(round.outstanding, 60))
    demand_refused(client, *minted, Code::unknown_key, "an unspent token of a dead daemon is good for nothing");
  for (const auto* spent : sample(answered, 20)) demand_repeated(client, *spent);

  totals.minted += static_cast<long>(round.outstanding.size() + round.answered.size() + round.unanswered.size());
  totals.answered += static_cast<long>(round.answered.size());
  totals.repeated += static_cast<long>(round.answered.size());
  totals.unanswered += static_cast<long>(round.unanswered.size());
  answered.insert(answered.end(), round.answered.begin(), round.answered.end());
}

void check_ledger(const Daemon& daemon, const Round& round) {
  const Ledger ledger(daemon.state());
  // The life that was ended began with the start before the last.
  const auto since = ledger.one(
      "SELECT log_index FROM events WHERE event = 'sidecar.started' ORDER BY log_index DESC LIMIT 1 OFFSET 1");
  const auto minted = jtis_since(ledger, since, "token.minted");
  const auto redeemed = jtis_since(ledger, since, "token.redeemed");
  for (const auto& one : round.outstanding) demand(minted.contains(one.jti), "no token without its event: " + one.jti);
  for (const auto& one : round.unanswered)
    demand(minted.contains(one.minted.jti), "no token without its event: " + one.minted.jti);
  for (const auto& one : round.answered)
    demand(minted.contains(one.minted.jti) && redeemed.contains(one.minted.jti),
           "no redemption without its event: " + one.minted.jti);
  for (const auto& one : round.outstanding)
    demand(!redeemed.contains(one.jti), "what nobody redeemed is not redeemed: " + one.jti);
  demand(ledger.one("SELECT min(log_index) || ' ' || (max(log_index) + 1 - count(*)) FROM events") == "0 0",
         "log_index is dense from 0");
}

void check_whole_ledger(const Daemon& daemon, const Totals& totals) {
  const Ledger ledger(daemon.state());
  const auto none = [&](const std::string& sql, const std::string& promise) {
    demand(ledger.rows(sql).empty(), promise);
  };
  none("SELECT jti FROM events WHERE event = 'token.redeemed' GROUP BY jti HAVING count(*) > 1",
       "no token is redeemed twice");
  none("SELECT jti FROM events WHERE event = 'token.minted' GROUP BY jti HAVING count(*) > 1",
       "no token is minted twice");
  none(
      "WITH m AS MATERIALIZED (SELECT jti, log_index AS i FROM events WHERE event = 'token.minted'), "
      "r AS MATERIALIZED (SELECT jti, log_index AS i FROM events WHERE event = 'token.redeemed') "
      "SELECT r.jti FROM r LEFT JOIN m ON m.jti = r.jti WHERE m.i IS NULL OR m.i >= r.i",
      "every token was minted before it was redeemed");
  demand(ledger.one("SELECT min(log_index) || ' ' || (max(log_index) + 1 - count(*)) FROM events") == "0 0",
         "log_index is dense from 0");
  demand(ledger.count("event = 'token.minted'") >= totals.minted, "as many mints in the log as tokens that left");
  demand(ledger.count("event = 'sidecar.started'") == totals.kills + 1, "every start is an event");
  demand(ledger.one("PRAGMA integrity_check") == "ok", "the database is sound");
}

}  // namespace jeton::outside
