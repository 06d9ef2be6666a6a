// One state directory's log, put together: its key, its store, its tree checked against what was signed, its notary.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "identity/log_secret.hpp"
#include "jeton/clock.hpp"
#include "log/notary.hpp"
#include "log/publisher.hpp"
#include "log/rollback.hpp"
#include "store/sqlite_store.hpp"

namespace jeton {

/// The log as the daemon holds it. One thread; it owns everything that is in STATE but the lock and the configuration.
class Ledger {
 public:
  struct Options {
    std::filesystem::path state;
    Sync sync = Sync::full;
    std::string trust_domain;
    std::vector<std::string> checkpoint_places;  ///< beside STATE/checkpoint: files, or "syslog"
    bool accept_rollback = false;
  };

  /// Opens the log or begins one. log_unavailable when key or database cannot be used, and when the log is not the one
  /// that was signed for outside of it (`find_rollback`); with `accept_rollback` that one, and no log that merely
  /// cannot be opened, is then moved to STATE/rolled-back-<seconds>, and a new log under a new key begins.
  [[nodiscard]] static Result<std::unique_ptr<Ledger>> open(const Options& options, const Clock& clock);

  [[nodiscard]] Store& store() { return *store_; }
  [[nodiscard]] const LogSecret& secret() const { return secret_; }
  [[nodiscard]] const NoteKey& note_key() const { return note_key_; }
  /// The checkpoint of the log that was given up for this one, if that happened at this start or at one that ended
  /// before the first event; that event cites it.
  struct Recovered {
    std::optional<Checkpoint> last;
  };
  [[nodiscard]] const std::optional<Recovered>& recovered() const { return recovered_; }

  /// Signs what stands in the log and waits until it is shown in STATE/checkpoint: before the first answer leaves.
  [[nodiscard]] Result<void> first_checkpoint();
  /// Signs and shows what grew; trouble is told once, and once when it is over.
  void checkpoint();

  [[nodiscard]] bool memory_locked() const { return secret_.memory_locked() && key_.memory_locked(); }
  /// For status: origin, size, root, and how much is signed for.
  [[nodiscard]] Json status() const;
  [[nodiscard]] std::uint64_t signed_size() const { return notary_.signed_size(); }
  [[nodiscard]] std::size_t failing_places() const;
  /// For status: where checkpoints go, and which of the places has trouble.
  [[nodiscard]] Json places() const;

 private:
  Ledger(const Options& options, const Clock& clock, std::unique_ptr<Store> store, LogSecret secret,
         std::string origin);
  /// `rolled_back`: the log could be read, and is not the one that was signed for.
  [[nodiscard]] static Result<std::unique_ptr<Ledger>> open_checked(const Options& options, const Clock& clock,
                                                                    bool& rolled_back);
  void show(const std::string& note);

  LogSecret secret_;
  std::unique_ptr<Store> store_;
  SigningKey key_;
  NoteKey note_key_;
  std::vector<std::unique_ptr<Publisher>> publishers_;  ///< the first is STATE/checkpoint
  Notary notary_;
  std::optional<Recovered> recovered_;
  std::string trouble_;
};

/// STATE/checkpoint and the files among the places, as far as they are there: what a log is held against.
[[nodiscard]] Result<std::vector<OutsideNote>> outside_notes(const std::filesystem::path& state,
                                                             const std::vector<std::string>& places);

}  // namespace jeton
