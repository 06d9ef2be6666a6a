// Who hoards connections uses up a part of his own: an account beside others, and strangers beside all.
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/door_fixture.hpp"
#include "support/other_process.hpp"
#include "support/pass_fd.hpp"
#include "support/skipped.hpp"

namespace jeton::outside {
namespace {

/// A process of another account that opens connections, uses each once, and holds them until it is told to let go.
class Hoarder {
 public:
  Hoarder(const Daemon& daemon, uid_t uid, int count) {
    const Child::Work hoard = [this, &daemon, count](pid_t) {
      std::vector<RawClient> held;
      int refused = 0;
      for (int i = 0; i < count; ++i) {
        held.emplace_back(daemon.socket());
        held.back().send("GET /v1/status HTTP/1.1\r\n\r\n");
        const auto answer = held.back().answer();
        refused += answer && answer->code() == "overloaded" ? 1 : 0;
      }
      Hatch::give(hatch_.there());
      Hatch::take(hatch_.there());
      return std::to_string(refused);
    };
    child_.emplace(hoard, uid);
    Hatch::take(hatch_.here());
  }

  /// Lets go; how many of its connections were refused.
  int refused() {
    Hatch::give(hatch_.here());
    return std::stoi(child_->text());
  }

 private:
  Hatch hatch_;
  std::optional<Child> child_;
};

}  // namespace

TEST_CASE("an account that holds all its connections is refused more and others are served") {
  if (!is_root()) return skipped("only root can become other accounts");
  const DoorFixture door;
  REQUIRE(::chmod(door.daemon().socket().c_str(), 0666) == 0);
  Hoarder hoarder(door.daemon(), nobody, 150);
  CHECK(door.mints());
  const auto used_up = in_child_as(nobody, [&](pid_t) { return door.connect().answer()->code(); });
  CHECK(used_up == "overloaded");
  const auto another =
      in_child_as(nobody - 1, [&](pid_t) { return door.answer_to("GET /v1/status HTTP/1.1\r\n\r\n").head; });
  CHECK_THAT(another, Catch::StartsWith("HTTP/1.1 200"));
  CHECK(hoarder.refused() == 150 - 128);
  CHECK(door.ledger().count(fmt::format("code = 'overloaded' AND uid <> {}", nobody)) == 0);
}

TEST_CASE("accounts without a role together hold at most a quarter of all connections") {
  if (!is_root()) return skipped("only root can become other accounts");
  const DoorFixture door("connections = 40\nconnections_per_uid = 8");
  REQUIRE(::chmod(door.daemon().socket().c_str(), 0666) == 0);
  // given: ten strangers that want all there is
  std::vector<std::unique_ptr<Hoarder>> strangers;
  for (uid_t i = 0; i < 10; ++i) strangers.push_back(std::make_unique<Hoarder>(door.daemon(), 52'000 + i, 8));

  // then: whoever has a role has his eight all the same, and each stranger who came too many was told
  std::vector<RawClient> held;
  for (int i = 0; i < 8; ++i) {
    held.push_back(door.connect());
    held.back().send(post("/v1/calls", mint_body));
    CHECK(held.back().answer()->status == 200);
  }
  int refused = 0;
  for (auto& stranger : strangers) refused += stranger->refused();
  CHECK(refused == 80 - 10);
  held.clear();
  CHECK(eventually([&] { return door.mints(); }));
}

}  // namespace jeton::outside
