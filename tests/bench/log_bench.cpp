// A log of millions: what it costs to mint into it, to verify it whole, and to mint while that is done.
#include <atomic>
#include <thread>

#include <sodium.h>
#include <sqlite3.h>
#include <sys/wait.h>

#include "bench/measure.hpp"
#include "store/sqlite_store.hpp"

namespace jeton::bench {
namespace {

Event unlike_event(std::uint64_t number) {
  // The four events of a call, as the daemon writes them.
  constexpr std::array kinds{EventKind::token_minted, EventKind::token_redeemed, EventKind::call_outcome,
                             EventKind::call_outcome};
  Event event;
  event.kind = kinds[number % 4];
  event.time_us = 1'790'000'000'000'000 + static_cast<std::int64_t>(number);
  const auto id = sha256("call " + std::to_string(number / 4));
  std::copy_n(id.begin(), 16, event.txn.emplace().bytes.begin());
  std::copy_n(id.begin() + 16, 16, event.jti.emplace().bytes.begin());
  event.agent = "spiffe://bench.local/agent/bench";
  event.server = server;
  event.tool = "read_file";
  event.attempt = 1;
  event.grant = "bench";
  event.role = number % 4 == 0 ? Role::agent : Role::server;
  event.uid = event.gid = 1000;
  event.pid = 4242;
  event.exe = "/usr/bin/python3.11";
  event.call_id = "call_" + std::to_string(number / 4);
  event.token_sha256 = id;
  if (number % 4 > 1) event.outcome = Outcome::ok;
  return event;
}

void grow(const std::filesystem::path& state, std::uint64_t events) {
  const auto store = expect(open_sqlite_store(state / "jeton.db", Sync::normal));
  for (std::uint64_t next = 0; next < events;) {
    const auto done = store->transact([&] {
      for (int i = 0; i < 10'000 && next < events; ++i) store->append(unlike_event(next++));
    });
    if (!done) throw std::runtime_error(done.error().message);
  }
}

double mint_p(const std::filesystem::path& socket, double q, const std::function<bool(std::size_t)>& more) {
  const auto client = connect(socket);
  Micros taken;
  while (more(taken.size())) {
    const auto body = mint_body();
    taken.push_back(micros_of([&] {
      // A disk that hangs is said to hang; the caller asks again with the same id, and that is what it waited.
      auto answer = client.post("/v1/calls", body);
      while (!answer && answer.error().code == Code::log_unavailable) answer = client.post("/v1/calls", body);
      expect(std::move(answer));
    }));
  }
  return quantile(taken, q);
}

/// Every column of every row read, and its bytes hashed: what no verification can do without.
double raw_seconds(const std::filesystem::path& file) {
  sqlite3* db = nullptr;
  sqlite3_stmt* rows = nullptr;
  sqlite3_open_v2(file.c_str(), &db, SQLITE_OPEN_READONLY, nullptr);
  sqlite3_prepare_v2(db, "SELECT * FROM event ORDER BY log_index", -1, &rows, nullptr);
  const auto took = micros_of([&] {
    const int columns = sqlite3_column_count(rows);
    std::string bytes;
    while (sqlite3_step(rows) == SQLITE_ROW) {
      bytes.clear();
      for (int i = 0; i < columns; ++i)
        if (const auto* text = sqlite3_column_text(rows, i))
          bytes.append(reinterpret_cast<const char*>(text), static_cast<std::size_t>(sqlite3_column_bytes(rows, i)));
      (void)sha256(bytes);
    }
  });
  sqlite3_finalize(rows);
  sqlite3_close(db);
  return took / 1e6;
}

int run_quietly(const std::string& command) { return WEXITSTATUS(std::system((command + " >/dev/null 2>&1").c_str())); }

}  // namespace

void long_log(Report& report, const std::filesystem::path& bin, std::uint64_t events) {
  const Scratch scratch;
  const auto enough = [](std::size_t minted) { return minted < 2000; };
  double empty = 0, quiet_p99 = 0;
  std::filesystem::path state, socket;
  {
    const Pair pair(bin, scratch, "full", false);
    state = pair.state;
    socket = pair.real_socket;
    empty = mint_p(socket, 0.5, enough);
  }
  for (const char* name : {"jeton.db", "jeton.db-wal", "jeton.db-shm", "checkpoint"})
    std::filesystem::remove(state / name);
  grow(state, events);
  {
    const Pair pair(bin, scratch, "full", false);
    report.ratio("mint_p50_at_2m_events", mint_p(socket, 0.5, enough), empty, fmt::format("us p50, {} events", events));
    quiet_p99 = mint_p(socket, 0.99, enough);
    std::atomic<bool> over = false;
    std::jthread reviewer([&] {
      const auto jeton = (bin / "jeton").string();
      run_quietly(fmt::format("{} log verify --state {}", jeton, state.string()));
      run_quietly(fmt::format("{} log copy {} --state {}", jeton, (scratch / "copy").string(), state.string()));
      over = true;
    });
    const auto busy = mint_p(socket, 0.99, [&](std::size_t) { return !over.load(); });
    reviewer.join();
    report.ratio("mint_p99_busy", busy, quiet_p99, "us p99 while the log is verified and copied, floor: alone");
  }
  int status = 0;
  const auto verify = micros_of(
      [&] { status = run_quietly(fmt::format("{} log verify --state {}", (bin / "jeton").string(), state.string())); });
  if (status != 0) throw std::runtime_error("the long log did not verify");
  const auto count = static_cast<double>(events);
  const auto raw = raw_seconds(state / "jeton.db");
  report.ratio("log_verify", count / (verify / 1e6), count / raw, "events a second", true);
  for (const auto* question : {"alerts", "stats"}) {
    const auto took = micros_of([&] {
      status = run_quietly(fmt::format("{} log {} --state {}", (bin / "jeton").string(), question, state.string()));
    });
    if (status != 0) throw std::runtime_error(fmt::format("log {} of the long log failed", question));
    report.ratio(fmt::format("log_{}", question), count / (took / 1e6), count / raw, "events a second", true);
  }
}

}  // namespace jeton::bench
