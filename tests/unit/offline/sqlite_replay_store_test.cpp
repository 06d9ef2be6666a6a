// The replay store's file: whose it must be, what is left of it after damage, and what a full disk does.
#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jeton/clock.hpp"
#include "jeton/replay_store.hpp"
#include "support/catch.hpp"
#include "support/events.hpp"
#include "support/other_process.hpp"
#include "support/skipped.hpp"
#include "support/temp_dir.hpp"

namespace {

using jeton::open_sqlite_replay_store;
using jeton::outside::in_child;
using jeton::outside::is_root;
using jeton::outside::skipped;
using jeton::testing::bytes_of;
using jeton::testing::TempDir;
using jeton::testing::verified_token;
using jeton::testing::write_bytes;

constexpr std::int64_t now_us = (jeton::forge::issued_s + 1) * jeton::us_per_s;

std::string code_of(const jeton::Error& error) { return std::string(name_of(error.code)); }

std::string opened(const std::filesystem::path& file) {
  const auto store = open_sqlite_replay_store(file);
  return store ? "ok" : code_of(store.error());
}

std::unique_ptr<jeton::ReplayStore> store_at(const std::filesystem::path& file) {
  auto store = open_sqlite_replay_store(file);
  if (!store) FAIL(store.error().message);
  return std::move(*store);
}

std::string burned(jeton::ReplayStore& store, int number, const std::string& id = "first") {
  const auto burn = store.burn(verified_token(number), jeton::redemption_key(id), now_us);
  if (!burn) return code_of(burn.error());
  return burn->repeated ? "repeated" : "burned";
}

}  // namespace

TEST_CASE("a replay store that others could write or replace is refused") {
  const TempDir dir;
  const auto file = dir / "replay.db";
  store_at(file);
  for (const mode_t mode : {0660, 0602, 0666}) {
    REQUIRE(::chmod(file.c_str(), mode) == 0);
    CHECK(opened(file) == "bad_request");
  }
  REQUIRE(::chmod(file.c_str(), 0600) == 0);
  for (const mode_t mode : {0770, 0702, 01777}) {
    REQUIRE(::chmod(dir.path().c_str(), mode) == 0);
    CHECK(opened(file) == "bad_request");
    CHECK(opened(dir / "new.db") == "bad_request");
  }
  REQUIRE(::chmod(dir.path().c_str(), 0700) == 0);
  CHECK(opened(file) == "ok");
  CHECK_FALSE(std::filesystem::exists(dir / "new.db"));
  std::filesystem::create_symlink(file, dir / "link.db");
  CHECK(opened(dir / "link.db") == "bad_request");
  CHECK(opened(dir.path()) == "bad_request");
  CHECK(opened(dir / "missing/replay.db") == "log_unavailable");
}

TEST_CASE("a replay store of another account is refused") {
  if (!is_root()) return skipped("only root can give a file away");
  const TempDir dir;
  store_at(dir / "replay.db");
  REQUIRE(::chown((dir / "replay.db").c_str(), 4242, 4242) == 0);
  CHECK(opened(dir / "replay.db") == "bad_request");
}

TEST_CASE("a replay store is made for its own account alone") {
  const TempDir dir;
  auto store = store_at(dir / "replay.db");
  REQUIRE(burned(*store, 1) == "burned");
  for (const char* name : {"replay.db", "replay.db-wal", "replay.db-shm"}) {
    struct stat facts {};
    REQUIRE(::stat((dir / name).c_str(), &facts) == 0);
    CHECK((facts.st_mode & 0777) == 0600);
  }
}

TEST_CASE("a file of another program or of a newer version is refused and left as it is") {
  const TempDir dir;
  const auto file = dir / "replay.db";
  for (const char* made : {"PRAGMA application_id = 7; CREATE TABLE theirs (x)", "CREATE TABLE theirs (x)",
                           "PRAGMA application_id = 1246057554; PRAGMA user_version = 2; CREATE TABLE burned (x)"}) {
    std::filesystem::remove(file);
    SQLite::Database(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec(made);
    REQUIRE(::chmod(file.c_str(), 0600) == 0);
    const auto before = bytes_of(file);
    CHECK(opened(file) == "bad_request");
    CHECK((bytes_of(file) == before));
  }
  write_bytes(file, "this is no database, whatever its name says, and it is long enough to be looked at closely");
  CHECK(opened(file) == "log_unavailable");
}

TEST_CASE("a damaged replay store burns nothing") {
  const TempDir dir;
  const auto file = dir / "replay.db";
  {
    auto store = store_at(file);
    for (int number = 1; number <= 200; ++number) REQUIRE(burned(*store, number) == "burned");
  }
  // given: the same file with one page of rows overwritten
  auto bytes = bytes_of(file);
  REQUIRE(bytes.size() > 3 * 4096);
  std::fill(bytes.end() - 4096, bytes.end(), '\x55');
  write_bytes(file, bytes);
  CHECK(opened(file) == "log_unavailable");
}

TEST_CASE("a replay store that was replaced or removed under its verifier burns nothing more") {
  const TempDir dir;
  const auto file = dir / "replay.db";
  auto store = store_at(file);
  REQUIRE(burned(*store, 1) == "burned");
  std::filesystem::rename(file, dir / "elsewhere.db");
  CHECK(burned(*store, 2) == "log_unavailable");
  store_at(dir / "another.db");
  std::filesystem::rename(dir / "another.db", file);
  CHECK(burned(*store, 2) == "log_unavailable");
}

TEST_CASE("a restored replay store accepts a burned token again") {
  // given: a copy from before the burn
  const TempDir dir;
  const auto file = dir / "replay.db";
  store_at(file);
  std::filesystem::copy_file(file, dir / "backup.db");
  REQUIRE(burned(*store_at(file), 1) == "burned");
  REQUIRE(burned(*store_at(file), 1, "thief") == "already_redeemed");

  // when: somebody puts it back
  std::filesystem::rename(dir / "backup.db", file);

  // then: this is the limit that the documents name
  CHECK(burned(*store_at(file), 1, "thief") == "burned");
}

TEST_CASE("a replay store that somebody holds locked is unavailable for a moment and no longer") {
  const TempDir dir;
  auto store = store_at(dir / "replay.db");
  SQLite::Database other((dir / "replay.db").string(), SQLite::OPEN_READWRITE);
  other.exec("BEGIN IMMEDIATE");
  CHECK(burned(*store, 1) == "log_unavailable");
  CHECK(opened(dir / "replay.db") == "ok");  // a replica may start meanwhile
  other.exec("ROLLBACK");
  CHECK(burned(*store, 1) == "burned");
}

TEST_CASE("a replay store opened before a fork serves the parent alone") {
  const TempDir dir;
  auto store = store_at(dir / "replay.db");
  CHECK(in_child([&](pid_t) { return burned(*store, 1); }) == "log_unavailable");
  CHECK(burned(*store, 1) == "burned");
}

TEST_CASE("on a full disk nothing burns and what burned stays burned") {
  if (!is_root()) return skipped("only root can mount");
  const TempDir dir;
  const auto place = dir / "small";
  std::filesystem::create_directory(place);
  if (::mount("tmpfs", place.c_str(), "tmpfs", 0, "size=1m,mode=0700") != 0) return skipped("mounting is not allowed");
  {
    auto store = store_at(place / "replay.db");
    REQUIRE(burned(*store, 1) == "burned");
    {
      const int fd = ::open((place / "ballast").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
      const std::string block(4096, 'x');
      while (::write(fd, block.data(), block.size()) > 0) {
      }
      ::close(fd);
    }
    // when: there is no room; a few may still fit into the log that is there
    int number = 2;
    while (number < 1000 && burned(*store, number) == "burned") ++number;
    REQUIRE(number < 1000);
    CHECK(burned(*store, number) == "log_unavailable");
    CHECK(burned(*store, 1, "thief") == "already_redeemed");
    // then: with room again it works, and nothing is good twice
    std::filesystem::remove(place / "ballast");
    CHECK(burned(*store, number) == "burned");
    for (int spent = 1; spent <= number; ++spent) CHECK(burned(*store, spent, "thief") == "already_redeemed");
  }
  ::umount2(place.c_str(), MNT_DETACH);
}
