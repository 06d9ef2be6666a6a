// Opens a ledger as jetond and as `jeton log` do.
#include "fuzz/ledger.hpp"

#include <unistd.h>

#include <SQLiteCpp/SQLiteCpp.h>

#include "fuzz/known_log.hpp"
#include "log/audit.hpp"
#include "log/notary.hpp"
#include "readers/alerts.hpp"
#include "readers/stats.hpp"
#include "readers/view.hpp"
#include "store/sqlite_store.hpp"
#include "support/events.hpp"
#include "support/fake_clock.hpp"
#include "support/temp_dir.hpp"

namespace jeton::fuzz {
namespace {

constexpr std::int64_t now_us = 1'790'000'060'000'000;

/// In memory where that can be: thousands of ledgers are synced in it.
const testing::TempDir& directory() {
  static const std::filesystem::path memory = "/dev/shm";
  static const testing::TempDir one(::access(memory.c_str(), W_OK) == 0 ? memory
                                                                        : std::filesystem::temp_directory_path());
  return one;
}

const std::vector<Event>& written() {
  static const std::vector<Event> events{
      testing::event_of(EventKind::call_opened, 1),    testing::event_of(EventKind::token_minted, 1),
      testing::event_of(EventKind::token_redeemed, 1), testing::event_of(EventKind::call_outcome, 1),
      testing::full_event(EventKind::request_refused), testing::full_event(EventKind::token_minted, 2)};
  return events;
}

std::string made_ledger() {
  const auto file = fresh_ledger_file("");
  std::filesystem::remove(file);
  {
    auto store = open_sqlite_store(file, Sync::normal).value();
    (void)store->transact([&] {
      for (const auto& event : written()) (void)store->append(event);
    });
    const testing::FakeClock clock;
    (void)Notary({*store, known_log().secret, known_log().key, clock, [](const std::string&) {}}).sign_if_grown();
  }
  SQLite::Database db(file.string(), SQLite::OPEN_READWRITE);
  // One file, of many small pages: nothing beside it, and a mutation meets structure more often than text.
  for (const char* sql : {"PRAGMA journal_mode = DELETE", "PRAGMA page_size = 512", "VACUUM"}) db.tryExec(sql);
  return testing::bytes_of(file);
}

/// What `jeton log show --json` writes of it, and the leaf where it has one.
void hold_for_event(const Event& event) {
  (void)json_of(event).dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string leaf;
  try {
    leaf = leaf_bytes(event);
  } catch (const std::logic_error&) {
    return;  // a text or a number that no event can have; the audit tells of it
  }
  hold(parse_json_strictly(leaf).has_value(), "a leaf is strict JSON");
}

/// Whatever was edited: only what was signed for can be proven.
void hold_for_proofs(const LogReader& log) {
  (void)audit_log(log, known_log().key, {});
  for (std::uint64_t index = 0; index <= written().size(); ++index) {
    const auto proof = prove_event(log, known_log().key, index);
    if (!proof) continue;
    const auto proven = verify_proof(*proof, known_log().key);
    hold(proven.has_value(), "a proof that is given holds");
    hold(canonical_json(proven->event).value_or("") == leaf_bytes(written().at(index)),
         "only what was signed for can be proven");
  }
}

void read_all(const LogReader& log) {
  for (const auto& event : log.read(0, 50)) hold_for_event(event);
  const auto page = list_calls(log, UINT64_MAX, 10, now_us);
  (void)page.json().dump(-1, ' ', false, Json::error_handler_t::replace);
  for (const auto& call : page.calls)
    if (const auto story = story_of(log, call.txn, 50))
      for (const auto& event : *story) hold_for_event(event);
  hold_for_proofs(log);
}

/// What `jeton log alerts` and `stats` print of it.
void review_all(const Review& log) {
  for (const auto& alert : list_alerts(log, {}, nullptr)) {
    (void)json_of(alert).dump(-1, ' ', false, Json::error_handler_t::replace);
    hold(!alert.what_to_do(std::nullopt, "jeton.db").empty(), "every alert says what to do");
  }
  (void)sum_up(log, {}).json().dump(-1, ' ', false, Json::error_handler_t::replace);
}

void write_some(Store& store) {
  const auto size = store.size();
  const auto done = store.transact([&] {
    const auto index = store.append(testing::event_of(EventKind::call_opened, 9));
    hold(index == size, "an event is appended at the end");
    for (const auto& event : store.story(testing::id_of<Txn>(1))) hold_for_event(event);
    (void)store.spent(testing::id_of<Jti>(1));
  });
  hold(store.size() == (done ? size + 1 : size), "the log grows by what is durable");
}

}  // namespace

const std::string& small_ledger() {
  static const std::string bytes = made_ledger();
  return bytes;
}

std::filesystem::path fresh_ledger_file(std::string_view bytes) {
  const auto file = directory() / "jeton.db";
  for (const char* beside : {"-wal", "-shm", "-journal"}) std::filesystem::remove(file.string() + beside);
  testing::write_bytes(file, std::string(bytes));
  return file;
}

void hold_for_ledger(const std::filesystem::path& file) {
  try {
    if (const auto log = open_sqlite_reader(file)) read_all(**log);
  } catch (const std::runtime_error&) {  // LogDamaged, or SQLite's own word for it
  }
  try {
    if (const auto review = open_sqlite_review(file)) review_all(**review);
  } catch (const std::runtime_error&) {
  }
  try {
    if (const auto store = open_sqlite_store(file, Sync::normal)) write_some(**store);
  } catch (const std::runtime_error&) {
  }
}

}  // namespace jeton::fuzz
