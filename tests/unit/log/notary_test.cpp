// Sign, keep, show: in this order, and nothing twice.
#include "log/notary.hpp"

#include <atomic>
#include <future>

#include "log/publisher.hpp"
#include "support/catch.hpp"
#include "support/events.hpp"
#include "support/fake_clock.hpp"
#include "support/memory_store.hpp"
#include "support/temp_dir.hpp"

namespace {

using jeton::testing::event_of;
using jeton::testing::MemoryStore;

struct Office {
  MemoryStore store;
  jeton::SigningKey key = jeton::SigningKey::generate();
  jeton::NoteKey note_key{"acme.example/jeton/1", key.verifying_key()};
  jeton::testing::FakeClock clock;
  std::vector<std::string> shown;
  jeton::Notary notary = make();

  jeton::Notary make() {
    return jeton::Notary({store, key, note_key, clock, [this](const std::string& note) { shown.push_back(note); }});
  }
  void append(int number) {
    REQUIRE(store.transact([&] { store.append(event_of(jeton::EventKind::call_opened, number)); }));
  }
};

}  // namespace

TEST_CASE("a checkpoint that could not be kept is not shown and comes when it can") {
  Office office;
  office.append(1);
  for (const auto disk : {MemoryStore::Disk::refuses_to_begin, MemoryStore::Disk::fails_at_commit}) {
    office.store.set_disk(disk);
    const auto refused = office.notary.sign_if_grown();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == jeton::Code::log_unavailable);
    CHECK(office.shown.empty());
  }
  office.store.set_disk(MemoryStore::Disk::good);
  REQUIRE(office.notary.sign_if_grown());
  CHECK(office.shown.size() == 1);
}

TEST_CASE("what did not grow is not signed again, not even by the next process") {
  Office office;
  REQUIRE(office.notary.sign_if_grown());
  CHECK(office.shown.empty());
  office.append(1);
  REQUIRE(office.notary.sign_if_grown());
  REQUIRE(office.notary.sign_if_grown());
  auto next = office.make();
  REQUIRE(next.sign_if_grown());
  CHECK(office.shown.size() == 1);
  next.publish_newest();
  CHECK(office.shown.size() == 2);
  CHECK(office.shown[0] == office.shown[1]);
}

TEST_CASE("a checkpoint is over all events there were and is signed by the log's key") {
  Office office;
  for (int i = 1; i <= 3; ++i) {
    office.append(i);
    REQUIRE(office.notary.sign_if_grown());
    const auto checkpoint = jeton::Checkpoint::open(office.shown.back(), office.note_key);
    REQUIRE(checkpoint);
    CHECK(checkpoint->size == static_cast<std::uint64_t>(i));
    CHECK(checkpoint->root == office.store.head().root);
  }
}

TEST_CASE("a place that hangs holds nobody up and gets the newest when it comes back") {
  std::promise<void> released;
  auto gate = released.get_future().share();
  std::atomic<int> puts = 0;
  std::string last;
  jeton::Publisher publisher("a disk far away", [&](const std::string& note) -> jeton::Result<void> {
    gate.wait();
    ++puts;
    last = note;
    return {};
  });
  for (int i = 0; i < 1000; ++i) publisher.publish(std::to_string(i));
  released.set_value();
  CHECK(publisher.flush(10));
  CHECK(last == "999");
  CHECK(puts <= 2);
}

TEST_CASE("a file that cannot be written is told and tried again with the next") {
  const jeton::testing::TempDir dir;
  const auto file = dir / "missing" / "checkpoint";
  jeton::Publisher publisher(file.string(), jeton::put_in_file(file));
  publisher.publish("one\n");
  CHECK_FALSE(publisher.flush(10));
  CHECK_THAT(publisher.trouble(), Catch::Contains("missing"));
  std::filesystem::create_directory(dir / "missing");
  publisher.publish("two\n");
  CHECK(publisher.flush(10));
  CHECK(publisher.trouble().empty());
  const auto text = jeton::read_checkpoint_file(file);
  REQUIRE(text);
  CHECK(*text == "two\n");
}

TEST_CASE("a checkpoint's file that is too long or no file is refused and a missing one is none") {
  const jeton::testing::TempDir dir;
  const auto missing = jeton::read_checkpoint_file(dir / "none");
  REQUIRE(missing);
  CHECK_FALSE(missing->has_value());
  jeton::testing::write_bytes(dir / "long", std::string(70'000, 'x'));
  CHECK_FALSE(jeton::read_checkpoint_file(dir / "long"));
  CHECK_FALSE(jeton::read_checkpoint_file(dir.path()));
}
