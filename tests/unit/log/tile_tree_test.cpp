// The tree of static files: all of it under every checkpoint, nothing written twice, nobody else's touched.
#include "log/tile_tree.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "log/tiles.hpp"
#include "support/signed_log.hpp"

namespace {

namespace fs = std::filesystem;
using jeton::Code;
using jeton::Entries;
using jeton::testing::bytes_of;
using jeton::testing::SignedLog;

struct Site {
  jeton::testing::TempDir dir;
  fs::path root = dir / "site";

  [[nodiscard]] jeton::Result<jeton::TilesWritten> write(const SignedLog& log, Entries entries = Entries::no) const {
    return write_tiles(*log.reader(), log.note_key, root, entries);
  }
  [[nodiscard]] std::string text(const std::string& name) const { return bytes_of(root / name); }
  [[nodiscard]] bool has(const std::string& name) const { return fs::exists(root / name); }
  void put(const std::string& name, const std::string& bytes) const {
    fs::create_directories((root / name).parent_path());
    std::ofstream(root / name, std::ios::binary) << bytes;
  }
};

/// More events in the log, signed for by `signer`'s key, which is the log's own unless somebody forges.
void grow(const SignedLog& log, int from, int events, SignedLog& signer) {
  auto store = log.open();
  jeton::Notary notary(
      {*store, signer.key, signer.note_key, signer.clock, [&](const std::string& note) { signer.shown = note; }});
  REQUIRE(store->transact([&] {
    for (int i = 0; i < events; ++i) store->append(SignedLog::unlike_event(from + i + 1));
  }));
  REQUIRE(notary.sign_if_grown());
}
void grow(SignedLog& log, int from, int events) { grow(log, from, events, log); }

void check_refused(const jeton::Result<jeton::TilesWritten>& written, Code code, const std::string& words) {
  REQUIRE_FALSE(written);
  INFO(written.error().message);
  CHECK(written.error().code == code);
  CHECK(written.error().message.find(words) != std::string::npos);
}

}  // namespace

TEST_CASE("every tile of the newest checkpoint is there with the hashes of the log") {
  const SignedLog log;
  const Site site;
  const auto written = site.write(log);
  REQUIRE(written);
  CHECK(written->size == 400);
  CHECK(site.text("checkpoint") == log.shown);
  const auto reader = log.reader();
  std::uint64_t files = 1;
  jeton::each_tile(400, [&](const jeton::Tile& tile) {
    ++files;
    CHECK(site.text(path_of(tile)) ==
          hashes_of(tile, [&](unsigned level, std::uint64_t n) { return reader->subtree(level, n); }));
  });
  CHECK(files == 4);
  CHECK(written->files == files);
  CHECK_FALSE(site.has("tile/entries"));
}

TEST_CASE("the bundles of entries are the leaves in order behind a gate that is shut") {
  const SignedLog log;
  const Site site;
  REQUIRE(site.write(log, Entries::yes));
  std::string all = site.text("tile/entries/000") + site.text("tile/entries/001.p/144");
  std::string expected;
  for (const auto& event : log.reader()->read(0, 400)) jeton::add_entry(expected, leaf_bytes(event));
  CHECK(all == expected);
  CHECK(fs::status(site.root / "tile/entries").permissions() == fs::perms::owner_all);
}

TEST_CASE("run again the tree follows the log and no full tile is written twice") {
  SignedLog log;
  const Site site;
  REQUIRE(site.write(log, Entries::yes));
  CHECK(site.write(log, Entries::yes)->files == 0);
  // What is there and full stays as it is, even its time.
  const auto before = fs::last_write_time(site.root / "tile/0/000");
  grow(log, 400, 200);
  const auto written = site.write(log, Entries::yes);
  REQUIRE(written);
  CHECK(written->size == 600);
  CHECK(written->files == 2 + 2 + 1 + 1);
  CHECK(site.text("checkpoint") == log.shown);
  CHECK(fs::last_write_time(site.root / "tile/0/000") == before);
  // A partial tile goes when the full one is there; until then it serves whoever still holds the older checkpoint.
  CHECK(site.has("tile/0/001"));
  CHECK_FALSE(site.has("tile/0/001.p"));
  CHECK_FALSE(site.has("tile/entries/001.p"));
  CHECK(site.has("tile/1/000.p/1"));
  CHECK(site.has("tile/1/000.p/2"));
}

TEST_CASE("entries can be added later and are not left behind") {
  const SignedLog log;
  const Site site;
  REQUIRE(site.write(log));
  REQUIRE(site.write(log, Entries::yes)->files == 2);
  check_refused(site.write(log), Code::bad_request, "go on with --entries");
}

TEST_CASE("a directory of another log or of an older or rewritten one is refused and left as it is") {
  SignedLog log;
  const Site site;
  REQUIRE(site.write(log));
  const auto kept = site.text("checkpoint");

  check_refused(site.write(SignedLog(5, 100)), Code::bad_signature, "is not this log's");
  // Signed by the same key: what an older copy of the state directory, or a forger with the key, would have.
  const SignedLog older(2, 100), rewritten(2, 100);
  grow(older, 200, 1, log);
  check_refused(write_tiles(*older.reader(), log.note_key, site.root, Entries::no), Code::bad_signature,
                "another log, or an older one");
  grow(rewritten, 999, 300, log);
  check_refused(write_tiles(*rewritten.reader(), log.note_key, site.root, Entries::no), Code::bad_signature,
                "are not those of the checkpoint");
  CHECK(site.text("checkpoint") == kept);
}

TEST_CASE("a tile that is there and not of this log is refused although no checkpoint is") {
  const SignedLog log;
  const Site site;
  site.put("tile/0/000", std::string(8192, 'x'));
  check_refused(site.write(log), Code::bad_signature, "tile/0/000 is there and not of this log");
  CHECK_FALSE(site.has("checkpoint"));
}

TEST_CASE("a run that was cut off is finished by the next") {
  const SignedLog log;
  const Site site;
  REQUIRE(site.write(log));
  fs::remove(site.root / "checkpoint");
  fs::remove(site.root / "tile/1/000.p/1");
  site.put("tile/0/001.p/144.new", "half");
  const auto written = site.write(log);
  REQUIRE(written);
  CHECK(written->files == 2);
  CHECK(site.text("checkpoint") == log.shown);
}

TEST_CASE("the checkpoint stays what it was when a tile cannot be written") {
  SignedLog log;
  const Site site;
  REQUIRE(site.write(log));
  const auto kept = site.text("checkpoint");
  grow(log, 400, 200);
  fs::remove_all(site.root / "tile/1");
  site.put("tile/1", "a file where a folder should be");
  check_refused(site.write(log), Code::log_unavailable, "tile/1");
  CHECK(site.text("checkpoint") == kept);
}

TEST_CASE("what does not lead to the signed root is not shown") {
  // The last one is a row that does not fit its leaf: that is not in the hashes, but in the entries.
  for (const auto& [edit, entries] :
       {std::pair("UPDATE event SET leaf = zeroblob(32) WHERE log_index = 17", Entries::no),
        std::pair("UPDATE event SET leaf = zeroblob(32) WHERE log_index = 399", Entries::no),
        std::pair("UPDATE tree SET hash = zeroblob(32)", Entries::no),
        std::pair("UPDATE event SET uid = 0 WHERE log_index = 300", Entries::yes)}) {
    CAPTURE(edit);
    const SignedLog log;
    log.edit(edit);
    const Site site;
    check_refused(site.write(log, entries), Code::log_unavailable, "see jeton log verify");
    CHECK_FALSE(site.has("checkpoint"));
  }
}

TEST_CASE("tiles go neither into a state directory nor where another run writes") {
  const SignedLog log;
  const Site site;
  site.put("jeton.db", "");
  check_refused(site.write(log), Code::bad_request, "is a state directory");
  fs::remove(site.root / "jeton.db");
  const int other = ::open(site.root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  REQUIRE(::flock(other, LOCK_EX) == 0);
  check_refused(site.write(log), Code::bad_request, "another run");
  ::close(other);
  CHECK(site.write(log));
}

TEST_CASE("without a checkpoint of this key there are no tiles") {
  const Site site;
  const SignedLog unsigned_log(0, 0);
  check_refused(site.write(unsigned_log), Code::log_unavailable, "nothing is signed for yet");
  SignedLog log;
  log.note_key = jeton::NoteKey(log.note_key.name(), jeton::SigningKey::generate().verifying_key());
  check_refused(site.write(log), Code::bad_signature, "this key did not sign");
  CHECK_FALSE(site.has("checkpoint"));
}
