// Sealed bytes in the file: kept with their event or not at all, deleted by call and by age, and the log stays whole.
#include "store/sealed_arguments.hpp"

#include "store/sqlite_copy.hpp"
#include "store/sqlite_store.hpp"
#include "support/catch.hpp"
#include "support/events.hpp"
#include "support/temp_dir.hpp"

namespace {

using jeton::EventKind;
using jeton::Txn;
using jeton::testing::event_of;
using jeton::testing::id_of;
using jeton::testing::TempDir;

/// Calls with sealed bytes; call N is of second N. The writer stays open, as a daemon's does.
struct Recorded {
  explicit Recorded(int calls) {
    auto opened = jeton::open_sqlite_store(file, jeton::Sync::normal);
    REQUIRE(opened);
    store = std::move(*opened);
    for (int call = 0; call < calls; ++call) REQUIRE(store->transact([&] { add(call); }));
  }
  void add(int call) {
    const auto bytes = bytes_of(call);
    auto event = event_of(EventKind::token_minted, call);
    event.time_us = call * 1'000'000;
    event.sealed_sha256 = jeton::sha256(bytes);
    store->keep_sealed(store->append(event), bytes);
  }
  static std::string bytes_of(int call) { return "sealed-" + std::to_string(call) + std::string(9'000, '\0') + "end"; }
  std::unique_ptr<jeton::LogReader> reader() const {
    auto reader = jeton::open_sqlite_reader(file);
    REQUIRE(reader);
    return std::move(*reader);
  }
  std::vector<int> kept(int calls) const {
    std::vector<int> found;
    const auto log = reader();
    for (int call = 0; call < calls; ++call)
      if (const auto bytes = log->sealed(static_cast<std::uint64_t>(call))) {
        CHECK((*bytes == bytes_of(call)));
        found.push_back(call);
      }
    return found;
  }

  TempDir dir;
  std::filesystem::path file = dir / "jeton.db";
  std::unique_ptr<jeton::Store> store;
};

}  // namespace

TEST_CASE("an event and what is sealed beside it are kept together or not at all") {
  Recorded log(1);
  CHECK_THROWS(log.store->transact([&] {
    log.add(1);
    throw std::runtime_error("mishap");
  }));
  REQUIRE(log.store->transact([&] {
    CHECK_THROWS(log.store->isolate([&] {
      log.add(1);
      throw std::runtime_error("mishap");
    }));
    log.add(1);
  }));
  CHECK(log.store->size() == 2);
  CHECK(log.kept(3) == std::vector{0, 1});
}

TEST_CASE("sealed arguments are deleted by call and by age beside a writer and no event changes") {
  Recorded log(40);
  const auto before = log.store->head();
  CHECK(jeton::delete_sealed(log.file, id_of<Txn>(3)).value() == 1);
  CHECK(jeton::delete_sealed(log.file, id_of<Txn>(3)).value() == 0);
  CHECK(jeton::delete_sealed_before(log.file, 38'000'000).value() == 37);
  CHECK(log.kept(40) == std::vector{38, 39});
  REQUIRE(log.store->transact([&] { log.add(40); }));
  CHECK(log.kept(41) == std::vector{38, 39, 40});
  CHECK(log.store->root_at(40) == before.root);
  const auto reader = log.reader();
  CHECK(reader->read(0, 100).at(3).sealed_sha256 == jeton::sha256(Recorded::bytes_of(3)));
  CHECK(reader->altered().empty());
}

TEST_CASE("deleted bytes are overwritten in the file") {
  Recorded log(2);
  REQUIRE(jeton::delete_sealed(log.file, id_of<Txn>(0)));
  log.store.reset();  // the write-ahead log is folded in and gone
  const auto bytes = jeton::testing::bytes_of(log.file);
  CHECK((bytes.find("sealed-0") == bytes.npos));
  CHECK((bytes.find("sealed-1") != bytes.npos));
}

TEST_CASE("deleting from what is no log is refused and leaves it as it is") {
  const TempDir dir;
  CHECK_FALSE(jeton::delete_sealed(dir / "jeton.db", id_of<Txn>(1)));
  CHECK_FALSE(std::filesystem::exists(dir / "jeton.db"));
}

TEST_CASE("a copy has sealed arguments only when it is asked for them") {
  Recorded log(3);
  using jeton::WithArguments;
  const auto kept_in = [&](const char* name, WithArguments arguments) {
    REQUIRE(jeton::copy_ledger(log.file, log.dir / name, 2, arguments));
    const auto copy = jeton::open_sqlite_reader(log.dir / name);
    REQUIRE(copy);
    CHECK((*copy)->size() == 2);
    CHECK_FALSE((*copy)->sealed(2));
    return (*copy)->sealed(0).has_value() && (*copy)->sealed(1).has_value();
  };
  CHECK_FALSE(kept_in("without.db", WithArguments::no));
  CHECK(kept_in("with.db", WithArguments::yes));
}
