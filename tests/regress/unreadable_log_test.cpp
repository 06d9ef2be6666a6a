// Is a disk that fails for a moment at start taken for a rollback, which --accept-rollback would give the log up for?
#include "log/notary.hpp"
#include "log/rollback.hpp"
#include "support/catch.hpp"
#include "support/events.hpp"
#include "support/fake_clock.hpp"
#include "support/memory_store.hpp"

namespace jeton::testing {

TEST_CASE("a log that cannot be read is no rollback") {
  // Given a log that is the one that was signed for
  MemoryStore store;
  const SigningKey key = SigningKey::generate();
  const NoteKey note_key("acme.example/jeton/1", key.verifying_key());
  FakeClock clock;
  std::string shown;
  Notary notary({store, key, note_key, clock, [&shown](const std::string& note) { shown = note; }});
  REQUIRE(store.transact([&] { store.append(event_of(EventKind::token_minted, 1)); }));
  REQUIRE(notary.sign_if_grown());
  const std::vector<OutsideNote> outside{{"STATE/checkpoint", shown}};
  const auto before = find_rollback(store, note_key, outside);
  REQUIRE(before);
  REQUIRE_FALSE(before->has_value());

  // When the disk does not answer at the next start
  store.set_disk(MemoryStore::Disk::unreadable);
  const auto found = find_rollback(store, note_key, outside);

  // Then that is said, and nothing about what stands in the log
  REQUIRE_FALSE(found);
  CHECK(found.error().code == Code::log_unavailable);
  CHECK_THAT(found.error().message, Catch::Contains("cannot be read"));
}

}  // namespace jeton::testing
