// A log of millions: what it costs to mint into it, to ask it, to verify and export it whole, and to mint meanwhile.
#include <atomic>
#include <thread>

#include <sodium.h>
#include <sqlite3.h>
#include <sys/wait.h>

#include "bench/measure.hpp"
#include "jeton/clock.hpp"
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
  // A dozen agents with a few tools each, in runs of twenty calls; one call in a hundred is not redeemed.
  const auto call = number / 4;
  event.agent = fmt::format("spiffe://bench.local/agent/bench-{}", call % 12);
  event.server = call % 3 == 0 ? server : "https://crm.bench.local/mcp";
  event.tool = fmt::format("tool_{}", call * 7919 % 30);
  if (number % 4 == 0) event.run_id = fmt::format("run-{}", call / 20);
  if (number % 4 == 0) event.expires_at = event.time_us / us_per_s + 30;
  if (number % 4 == 1 && call % 100 == 0) event.kind = EventKind::request_refused;
  if (number % 4 == 1 && call % 100 == 0) event.code = Code::args_mismatch;
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

/// Filters as a reviewer combines them, of the log above.
std::string some_filter(std::uint64_t number, std::uint64_t events) {
  const auto call = number * 7919 % (events / 4);
  switch (number % 8) {
    case 0: return fmt::format("--agent bench-{}", number % 12);
    case 1: return fmt::format("--run run-{}", call / 20);
    case 2: return fmt::format("--call-id call_{}", call);
    case 3: return fmt::format("--tool 'tool_1*' --agent bench-{} --call-state redeemed", number % 12);
    case 4: return "--code args_mismatch --call-state expired";
    case 5: return fmt::format("--server {} --tool tool_{} --before {}", server, number % 30, events / 2);
    case 6: return fmt::format("--since {} --until {} --agent bench-3", 1'790'000'000 + number % 2, 1'790'000'002);
    default: return "--call-state expired --agent bench-7 --tool 'tool_2?'";
  }
}

int run_quietly(const std::string& command) { return WEXITSTATUS(std::system((command + " >/dev/null 2>&1").c_str())); }

/// Questions of a reviewer, each a process of its own as at a shell.
void ask(Report& report, const std::string& jeton, const std::filesystem::path& state,
         const std::filesystem::path& cache, std::uint64_t events) {
  const auto run = [&](const std::string& words) {
    return micros_of([&] {
             if (run_quietly(fmt::format("{} log {} --state {}", jeton, words, state.string())) != 0)
               throw std::runtime_error("jeton log " + words + " failed");
           }) /
           1e3;
  };
  const auto cached = fmt::format("--cache {}", cache.string());
  report.alone("log_index_s", run(fmt::format("calls --run run-1 {}", cached)) / 1e3, "s to make the reader's index");
  Micros filters, shows;
  for (std::uint64_t i = 0; i < 200; ++i)
    filters.push_back(run(fmt::format("calls {} {}", some_filter(i, events), cached)));
  report.alone("log_filter_p50_ms", quantile(filters, 0.5), "ms, a page of calls by filter, the process included");
  report.alone("log_filter_p99_ms", quantile(filters, 0.99), "ms, a page of calls by filter, the process included");
  for (std::uint64_t i = 0; i < 50; ++i) shows.push_back(run("show " + unlike_event(i * 7919 % events).txn->text()));
  report.alone("log_show_ms", quantile(shows, 0.5), "ms p50, one call's timeline, the process included");
}

/// The same rows by jeton and by the sqlite3 shell, in turns.
void export_beside_shell(Report& report, const std::string& jeton, const std::filesystem::path& state, double events) {
  if (run_quietly("sqlite3 --version") != 0) return;
  const auto rate = [events](const std::string& command) {
    const auto took = micros_of([&] {
      if (run_quietly(command) != 0) throw std::runtime_error(command + " failed");
    });
    return events / (took / 1e6);
  };
  const auto shell = fmt::format("sqlite3 -readonly {}", (state / "jeton.db").string());
  const auto log = fmt::format("{} log export --state {} --format", jeton, state.string());
  report.ratio("export", rate(log + " jsonl"), rate(shell + " '.dump event'"),
               "events a second as jsonl, floor: sqlite3 .dump", true);
  report.ratio("export_csv", rate(log + " csv"), rate(shell + " -csv 'SELECT * FROM events'"),
               "events a second as csv, floor: sqlite3 -csv", true);
}

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
    // Both go on until each has read the whole log once.
    std::atomic<int> passes = 0;
    const auto reviewer = [&](const std::string& words) {
      const auto command = fmt::format("{} log {} --state {}", (bin / "jeton").string(), words, state.string());
      int status = run_quietly(command);
      for (++passes; passes.load() < 2 && status == 0;) status = run_quietly(command);
    };
    std::jthread verifier(reviewer, "verify"), exporter(reviewer, "export --format jsonl");
    const auto busy = mint_p(socket, 0.99, [&](std::size_t) { return passes.load() < 2; });
    verifier.join();
    exporter.join();
    report.ratio("mint_p99_busy", busy, quiet_p99, "us p99 while the log is verified and exported, floor: alone");
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
  const auto jeton = (bin / "jeton").string();
  ask(report, jeton, state, scratch / "cache", events);
  export_beside_shell(report, jeton, state, count);
}

}  // namespace jeton::bench