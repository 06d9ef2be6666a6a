// A log on disk with events and checkpoints, for whoever wants to damage it.
#pragma once

#include <functional>
#include <memory>

#include <SQLiteCpp/SQLiteCpp.h>

#include "log/audit.hpp"
#include "log/notary.hpp"
#include "store/sqlite_store.hpp"
#include "support/catch.hpp"
#include "support/events.hpp"
#include "support/fake_clock.hpp"
#include "support/temp_dir.hpp"

namespace jeton::testing {

/// Events in batches, each signed for; `shown` is the newest checkpoint, as it stands outside.
struct SignedLog {
  TempDir dir;
  std::filesystem::path file = dir / "jeton.db";
  SigningKey key = SigningKey::generate();
  NoteKey note_key{"acme.example/jeton/1", key.verifying_key()};
  FakeClock clock;
  std::string shown;

  explicit SignedLog(int batches = 4, int events_a_batch = 100) {
    auto store = open();
    Notary notary({*store, key, note_key, clock, [this](const std::string& note) { shown = note; }});
    int seed = 0;
    for (int batch = 0; batch < batches; ++batch) {
      REQUIRE(store->transact([&] {
        for (int i = 0; i < events_a_batch; ++i) store->append(unlike_event(++seed));
      }));
      REQUIRE(notary.sign_if_grown());
    }
  }

  /// An event of few members and values of its own, so that 400 of them spend no jti twice.
  static Event unlike_event(int seed) {
    Event event;
    event.kind = seed % 3 == 0 ? EventKind::token_redeemed : EventKind::token_minted;
    event.time_us = 1'790'000'000'000'000 + seed;
    event.txn = id_of<Txn>(seed);
    event.jti = id_of<Jti>(seed);
    event.agent = "spiffe://acme.example/agent/" + std::to_string(seed % 7);
    event.tool = "tool";
    event.uid = 1000 + seed;
    return event;
  }

  [[nodiscard]] std::unique_ptr<Store> open() const {
    auto store = open_sqlite_store(file, Sync::normal);
    REQUIRE(store);
    return std::move(*store);
  }
  [[nodiscard]] std::unique_ptr<LogReader> reader() const {
    auto log = open_sqlite_reader(file);
    REQUIRE(log);
    return std::move(*log);
  }
  /// As a daemon's house does, once a second.
  void sign(Store& store) const {
    Notary notary({store, key, note_key, clock, [](const std::string&) {}});
    REQUIRE(notary.sign_if_grown());
  }
  void edit(const std::string& sql) const { SQLite::Database(file.string(), SQLite::OPEN_READWRITE, 1000).exec(sql); }
  [[nodiscard]] std::vector<OutsideNote> outside() const { return {{"STATE/checkpoint", shown}}; }
  [[nodiscard]] Audit audit() const { return audit_log(*reader(), note_key, outside()); }
};

}  // namespace jeton::testing
