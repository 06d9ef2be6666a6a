// Does a plain start between a crash in the middle of --accept-rollback and the next try stand in the way of that try?
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>

#include "app/given_up_log.hpp"
#include "app/ledger.hpp"
#include "support/catch.hpp"
#include "support/fake_clock.hpp"
#include "support/temp_dir.hpp"

namespace jeton::testing {
namespace {

namespace fs = std::filesystem;

Ledger::Options options_of(const fs::path& state, bool accept_rollback) {
  return {state, Sync::full, "acme.example", {}, accept_rollback};
}

/// The names that are taken out of a directory, in order.
class Removals {
 public:
  explicit Removals(const fs::path& directory) {
    REQUIRE(fd_ >= 0);
    REQUIRE(::inotify_add_watch(fd_, directory.c_str(), IN_DELETE) >= 0);
  }
  ~Removals() { ::close(fd_); }
  Removals(const Removals&) = delete;
  Removals& operator=(const Removals&) = delete;

  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    alignas(inotify_event) char buffer[8192];
    for (auto size = ::read(fd_, buffer, sizeof buffer); size > 0; size = ::read(fd_, buffer, sizeof buffer))
      for (ssize_t at = 0; at < size;) {
        const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
        names.emplace_back(event->name);
        at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
      }
    return names;
  }

 private:
  int fd_ = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
};

/// A state directory with a log that was signed for, and a checkpoint that is not its own.
void begin_rolled_back(const fs::path& state, const Clock& clock) {
  auto ledger = Ledger::open(options_of(state, false), clock);
  REQUIRE(ledger);
  REQUIRE((*ledger)->store().transact([&] {
    Event event;
    event.kind = EventKind::sidecar_started;
    event.role = Role::daemon;
    (*ledger)->store().append(event);
  }));
  REQUIRE((*ledger)->first_checkpoint());
  ledger->reset();
  std::string note = bytes_of(state / "checkpoint");
  note.replace(note.find("\n1\n"), 3, "\n9\n");
  write_bytes(state / "checkpoint", note);
}

}  // namespace

TEST_CASE("a crash anywhere while a log is given up leaves no start that goes on and a next try that succeeds") {
  const FakeClock clock;
  std::size_t steps = 1;
  for (std::size_t done = 0; done < steps; ++done) {
    const TempDir home;
    begin_rolled_back(home.path(), clock);
    // Given a log that was given up but for the names that a crash left it
    std::vector<std::string> order;
    fs::path aside;
    {
      const Removals removals(home.path());
      const auto moved = give_up_log(home.path(), 1000);
      REQUIRE(moved);
      aside = *moved;
      order = removals.names();
    }
    REQUIRE(order.size() >= 3);
    steps = order.size() + 1;
    for (std::size_t left = done; left < order.size(); ++left)
      fs::create_hard_link(aside / order[left], home / order[left]);
    CAPTURE(done, order);

    // When the service manager starts it again, without the flag
    CHECK_FALSE(Ledger::open(options_of(home.path(), false), clock));

    // Then the next try with it ends what was begun, and everything of the old log is kept
    const auto fresh = Ledger::open(options_of(home.path(), true), clock);
    INFO((fresh ? "" : fresh.error().message));
    REQUIRE(fresh);
    CHECK((*fresh)->recovered());
    CHECK((*fresh)->store().size() == 0);
    for (const auto& name : order) CHECK(fs::exists(aside / name));
  }
}

TEST_CASE("a link to a directory is never taken for a log that was given up") {
  const TempDir home;
  write_bytes(home / "jeton.db", "good");
  fs::create_directory_symlink(home.path(), home / "rolled-back-1");
  REQUIRE(finish_giving_up(home.path()));
  CHECK(bytes_of(home / "jeton.db") == "good");
}

TEST_CASE("a database that is a link to another place is not given up as a link that leads nowhere") {
  const TempDir home;
  fs::create_directory(home / "state");
  write_bytes(home / "elsewhere.db", "old");
  write_bytes(home.path() / "state" / "log.key", "key");
  fs::create_symlink("../elsewhere.db", home.path() / "state" / "jeton.db");
  const auto refused = give_up_log(home.path() / "state", 1000);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::log_unavailable);
  CHECK(bytes_of(home.path() / "state" / "jeton.db") == "old");
  CHECK(bytes_of(home.path() / "state" / "log.key") == "key");
}

}  // namespace jeton::testing
