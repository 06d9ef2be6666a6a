// Does a peer stay who it was, on kernels and in namespaces this machine does not have?
#include "attest/peer.hpp"

#include <functional>
#include <set>

#include "support/catch.hpp"

namespace jeton {
namespace {

constexpr int socket_fd = 3;
constexpr int peer_pidfd_fd = 100;
constexpr int opened_pidfd_fd = 101;
constexpr int proc_fd = 102;
constexpr int cgroup_fd = 99;

/// A machine with one process on it, of which every part can be changed.
class FakeView final : public ProcessView {
 public:
  std::optional<Credentials> peer = Credentials{1001, 1002, 42};
  tl::expected<int, NoPidfd> pinned = peer_pidfd_fd;
  tl::expected<int, NoPidfd> opened = opened_pidfd_fd;
  bool running = true;
  bool has_proc = true;
  std::optional<std::uint64_t> started = 7000;
  std::optional<uid_t> owned_by = 1001;
  std::optional<FileId> runs = FileId{8, 15};
  std::optional<std::string> path = "/usr/bin/billing";
  std::optional<std::string> service = "billing.service";
  std::function<void()> after_reading_unit = [] {};
  mutable std::multiset<int> open_fds;
  mutable int hashed = 0;

  std::optional<Credentials> credentials(int) const override { return peer; }
  tl::expected<int, NoPidfd> peer_pidfd(int) const override { return note(pinned); }
  tl::expected<int, NoPidfd> pidfd_open(pid_t) const override { return note(opened); }
  bool alive(int) const override { return running; }
  int open_proc(pid_t pid) const override {
    if (!has_proc || pid == 0) return -1;
    open_fds.insert(proc_fd);
    return proc_fd;
  }
  std::optional<std::uint64_t> start_time(int) const override { return started; }
  std::optional<uid_t> owner(int) const override { return owned_by; }
  std::optional<FileId> executable(int) const override { return runs; }
  std::optional<std::string> path_of(int, const FileId&) const override { return path; }
  std::optional<std::string> sha256(int, const FileId& file) const override {
    ++hashed;
    return runs == file ? std::optional<std::string>("hash") : std::nullopt;
  }
  int open_cgroup(int) const override {
    open_fds.insert(cgroup_fd);
    return cgroup_fd;
  }
  std::optional<std::string> unit(int) const override {
    auto unit = service;
    after_reading_unit();
    return unit;
  }
  void close(int fd) const override {
    REQUIRE(open_fds.count(fd) == 1);
    open_fds.erase(fd);
  }

 private:
  tl::expected<int, NoPidfd> note(const tl::expected<int, NoPidfd>& fd) const {
    if (fd) open_fds.insert(*fd);
    return fd;
  }
};

Result<Peer> accept(const FakeView& view) { return Peer::accept(view, socket_fd, "/run/x.sock"); }

void make_old(FakeView& view) { view.pinned = tl::unexpected(NoPidfd::unsupported); }

void make_oldest(FakeView& view) {
  make_old(view);
  view.opened = tl::unexpected(NoPidfd::unsupported);
}

}  // namespace

TEST_CASE("a connection without credentials is refused") {
  FakeView view;
  view.peer = std::nullopt;

  const auto peer = accept(view);

  REQUIRE_FALSE(peer);
  CHECK(peer.error().code == Code::unattested_peer);
}

TEST_CASE("a peer that has ended before accept is refused and nothing stays open") {
  FakeView view;
  SECTION("the kernel has no process for the socket any more") { view.pinned = tl::unexpected(NoPidfd::failed); }
  SECTION("it ended before its directory was opened") { view.running = false; }
  SECTION("an older kernel finds no such pid") {
    make_old(view);
    view.opened = tl::unexpected(NoPidfd::failed);
  }
  SECTION("it is of another pid namespace and has ended") {
    view.peer->pid = 0;
    view.running = false;
  }

  const auto peer = accept(view);

  REQUIRE_FALSE(peer);
  CHECK(peer.error().code == Code::unattested_peer);
  CHECK(view.open_fds.empty());
}

TEST_CASE("a process that is gone is never looked up by its number instead") {
  FakeView view;
  view.pinned = tl::unexpected(NoPidfd::failed);

  CHECK_FALSE(accept(view));
  CHECK(view.open_fds.empty());
}

TEST_CASE("a peer that changes after accept is refused") {
  FakeView view;
  make_old(view);  // given: no pidfd from the socket, so that a start time is all that tells two processes apart
  auto change = GENERATE(0, 1, 2, 3, 4);
  CAPTURE(change);
  const auto peer = accept(view);  // given: an accepted peer
  REQUIRE(peer);
  REQUIRE(peer->caller());

  if (change == 0) view.running = false;  // when: something of it changes
  if (change == 1) view.started = 7001;
  if (change == 2) view.started = std::nullopt;
  if (change == 3) view.runs = FileId{8, 16};
  if (change == 4) view.runs = std::nullopt;

  const auto caller = peer->caller();  // then: it is nobody, even though path and unit read as before
  REQUIRE_FALSE(caller);
  CHECK(caller.error().code == Code::unattested_peer);
}

TEST_CASE("an executable that becomes readable is a changed one") {
  FakeView view;
  view.runs = std::nullopt;
  const auto peer = accept(view);
  REQUIRE(peer);

  view.runs = FileId{8, 15};

  CHECK_FALSE(peer->caller());
}

TEST_CASE("a peer that ends while its evidence is read is refused") {
  FakeView view;
  const auto peer = accept(view);
  REQUIRE(peer);

  view.after_reading_unit = [&] { view.running = false; };

  CHECK_FALSE(peer->caller());
}

TEST_CASE("a recycled pid on an older kernel lends nothing to the peer") {
  FakeView view;
  const bool has_pidfd_open = GENERATE(true, false);
  CAPTURE(has_pidfd_open);
  make_oldest(view);
  if (has_pidfd_open) view.opened = opened_pidfd_fd;
  view.owned_by = 0;  // given: the pid is by now one of root's services

  const auto peer = accept(view);

  REQUIRE(peer);
  const auto caller = peer->caller();
  REQUIRE(caller);
  CHECK(caller->uid == 1001);  // then: only what the kernel fixed at connect counts
  CHECK(caller->exe == std::nullopt);
  CHECK(caller->unit == std::nullopt);
}

TEST_CASE("a process that gave up its rights after connecting keeps its evidence where the kernel pins it") {
  FakeView view;
  view.owned_by = 33;

  const auto peer = accept(view);

  REQUIRE(peer);
  CHECK(peer->caller()->unit == "billing.service");
}

TEST_CASE("a peer of another pid namespace is a uid and a gid") {
  FakeView view;
  view.peer->pid = 0;
  const bool old = GENERATE(false, true);
  if (old) make_old(view);

  const auto peer = accept(view);

  REQUIRE(peer);
  auto caller = peer->caller();
  REQUIRE(caller);
  peer->add_sha256(*caller);
  CHECK(*caller == Caller{.uid = 1001, .gid = 1002, .socket = "/run/x.sock"});
  CHECK(peer->pin_method() == (old ? PinMethod::none : PinMethod::peer_pidfd));
}

TEST_CASE("a hidden proc leaves what the kernel says of the socket") {
  FakeView view;
  SECTION("the directory cannot be opened") { view.has_proc = false; }
  SECTION("nothing in the directory can be read") {
    view.started = std::nullopt;
    view.runs = std::nullopt;
    view.service = std::nullopt;
  }

  const auto peer = accept(view);

  REQUIRE(peer);
  CHECK(*peer->caller() == Caller{.uid = 1001, .gid = 1002, .pid = 42, .socket = "/run/x.sock"});
  view.running = false;
  CHECK_FALSE(peer->caller());
}

TEST_CASE("an unreadable executable is no error") {
  FakeView view;
  view.runs = std::nullopt;

  const auto peer = accept(view);

  REQUIRE(peer);
  auto caller = peer->caller();
  REQUIRE(caller);
  peer->add_sha256(*caller);
  CHECK(caller->exe == std::nullopt);
  CHECK(caller->unit == "billing.service");
  CHECK(view.hashed == 0);
}

TEST_CASE("an executable without a path still tells that it changed") {
  FakeView view;
  view.path = std::nullopt;
  const auto peer = accept(view);
  REQUIRE(peer);
  CHECK(peer->caller()->exe == std::nullopt);

  view.runs = FileId{8, 16};

  CHECK_FALSE(peer->caller());
}

TEST_CASE("a changed executable is not hashed in the place of the first") {
  FakeView view;
  const auto peer = accept(view);
  auto caller = *peer->caller();

  view.runs = FileId{8, 16};
  peer->add_sha256(caller);

  CHECK(caller.sha256 == std::nullopt);
}

TEST_CASE("the evidence is complete and only hashed on demand") {
  FakeView view;
  const auto peer = accept(view);
  REQUIRE(peer);

  auto caller = *peer->caller();

  CHECK(caller == Caller{.uid = 1001,
                         .gid = 1002,
                         .pid = 42,
                         .exe = "/usr/bin/billing",
                         .unit = "billing.service",
                         .socket = "/run/x.sock"});
  CHECK(view.hashed == 0);
  peer->add_sha256(caller);
  CHECK(caller.sha256 == "hash");
}

TEST_CASE("a unit is reported as it is now and a path as it was when the process connected") {
  FakeView view;
  const auto peer = accept(view);

  view.path = "/usr/bin/billing.old";
  view.service = std::nullopt;

  CHECK(peer->caller()->exe == "/usr/bin/billing");
  CHECK(peer->caller()->unit == std::nullopt);
}

TEST_CASE("the way a peer is pinned follows the kernel") {
  FakeView view;

  CHECK(accept(view)->pin_method() == PinMethod::peer_pidfd);
  make_old(view);
  CHECK(accept(view)->pin_method() == PinMethod::pidfd_open);
  make_oldest(view);
  CHECK(accept(view)->pin_method() == PinMethod::none);
}

TEST_CASE("without any pidfd the start time still tells another process") {
  FakeView view;
  make_oldest(view);
  const auto peer = accept(view);
  REQUIRE(peer->caller());

  view.started = 7001;

  CHECK_FALSE(peer->caller());
}

TEST_CASE("a peer closes what it opened once however often it is moved") {
  FakeView view;
  {
    auto peer = accept(view);
    REQUIRE(peer);
    CHECK(view.open_fds.size() == 3);
    Peer moved = std::move(*peer);
    CHECK(moved.caller());
    CHECK(view.open_fds.size() == 3);
  }
  CHECK(view.open_fds.empty());
}

}  // namespace jeton
