// One life of the daemon, from its start to kill -9, and what must be true of it afterwards.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "support/daemon.hpp"

namespace jeton::outside {

/// As the protocol tells every caller: while the disk hangs nobody knows, and the same id asks again.
Result<Json> ask(const Client& client, const std::string& path, const Json& body);

/// A token that reached a client.
struct Minted {
  std::string token;
  std::string jti;
};

/// A redemption that somebody asked for.
struct Spent {
  Minted minted;
  std::string redemption_id;
  std::int64_t redeemed_at = 0;  ///< as it was answered
  std::uint64_t log_index = 0;
};

/// What the clients knew when the daemon died.
struct Round {
  std::vector<Minted> outstanding;  ///< minted, never shown to a redeemer
  std::vector<Spent> answered;      ///< redeemed, and told so
  std::vector<Spent> unanswered;    ///< asked, and then the connection broke
};

struct Totals {
  int kills = 0;
  long minted = 0, answered = 0, repeated = 0, unanswered = 0, unanswered_but_spent = 0;
  [[nodiscard]] std::string text() const;
};

/// durability full; this account is agent and server.
[[nodiscard]] std::string crash_config();

/// Threads mint and redeem until at least `mints` tokens are out, then a kill at a random moment of more of the same.
[[nodiscard]] Round work_until_killed(Daemon& daemon, int mints, std::mt19937& random);

/// Asks the new daemon about everything the old one said. Throws at the first broken promise. `answered` of earlier
/// rounds is asked by sample, and gets this round's.
void check_after_restart(const Daemon& daemon, const Round& round, std::vector<Spent>& answered, Totals& totals);

/// What the log must say of this round.
void check_ledger(const Daemon& daemon, const Round& round);
/// What the log must say as a whole: dense, no token spent twice, none before it was minted.
void check_whole_ledger(const Daemon& daemon, const Totals& totals);

}  // namespace jeton::outside
