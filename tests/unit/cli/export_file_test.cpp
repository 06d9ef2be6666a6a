// An export that was cut off goes on where its last whole line ends, and another program's file is left alone.
#include "cli/export_file.hpp"

#include <sstream>

#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands.hpp"
#include "readers/export.hpp"
#include "store/sqlite_copy.hpp"
#include "store/sqlite_store.hpp"
#include "support/archiving.hpp"
#include "support/catch.hpp"
#include "support/events.hpp"
#include "support/temp_dir.hpp"

namespace {

namespace t = jeton::testing;
using jeton::cli::Common;
using jeton::cli::ExportOptions;

struct Log {
  t::TempDir dir;
  std::filesystem::path file = dir / "export";

  Log() { grow(1, 400); }
  void grow(int first, int last) const {
    const auto store = jeton::open_sqlite_store(dir / "jeton.db", jeton::Sync::normal);
    REQUIRE(store);
    REQUIRE((*store)->transact([&] {
      for (int i = first; i <= last; ++i) (*store)->append(t::full_event(jeton::EventKind::token_minted, i));
    }));
  }
  [[nodiscard]] int run(const std::string& format, const std::string& state = "",
                        std::optional<std::uint64_t> from = std::nullopt) const {
    Common common;
    common.state = state.empty() ? dir.path().string() : state;
    ExportOptions options;
    options.format = format;
    options.file = file.string();
    options.from = from;
    return jeton::cli::log_export(common, options);
  }
};

}  // namespace

TEST_CASE("an export is for this account alone and says the same each time") {
  for (const std::string format : {"jsonl", "csv", "ocsf", "otlp"}) {
    CAPTURE(format);
    const Log log;
    REQUIRE(log.run(format) == 0);
    const auto whole = t::bytes_of(log.file);
    struct stat found {};
    REQUIRE(::stat(log.file.c_str(), &found) == 0);
    CHECK((found.st_mode & 0777) == 0600);
    CHECK(std::count(whole.begin(), whole.end(), '\n') == (format == "csv" ? 401 : 400));
    CHECK(log.run(format) == 0);
    CHECK((t::bytes_of(log.file) == whole));
  }
}

TEST_CASE("an export that was cut off anywhere is continued to the same bytes") {
  for (const std::string format : {"jsonl", "csv", "ocsf", "otlp"}) {
    const Log log;
    REQUIRE(log.run(format) == 0);
    const auto whole = t::bytes_of(log.file);
    const auto first_line = whole.find('\n');
    for (const auto size : {std::size_t{0}, std::size_t{10}, first_line, first_line + 1, first_line + 9,
                            whole.size() / 2, whole.size() - 1, whole.size()}) {
      CAPTURE(format, size);
      t::write_bytes(log.file, whole.substr(0, size));
      CHECK(log.run(format) == 0);
      CHECK((t::bytes_of(log.file) == whole));
    }
  }
}

TEST_CASE("an export of traces that was cut off anywhere is continued to the same bytes") {
  const Log log;
  {
    const auto store = jeton::open_sqlite_store(log.dir / "jeton.db", jeton::Sync::normal);
    REQUIRE(store);
    REQUIRE((*store)->transact([&] {
      for (int i = 1001; i <= 1020; ++i) {
        auto event = t::event_of(jeton::EventKind::token_minted, i);
        event.attempt = 1;
        (*store)->append(event);
        event = t::event_of(jeton::EventKind::call_outcome, i);
        event.role = jeton::Role::agent;
        event.outcome = jeton::Outcome::ok;
        if (i % 2 == 0) (*store)->append(event);
      }
    }));
  }
  REQUIRE(log.run("otlp-traces") == 0);
  const auto whole = t::bytes_of(log.file);
  CHECK(std::count(whole.begin(), whole.end(), '\n') == 10);
  for (const auto size : {std::size_t{0}, std::size_t{10}, whole.find('\n'), whole.find('\n') + 1, whole.size() / 2,
                          whole.size() - 1, whole.size()}) {
    CAPTURE(size);
    t::write_bytes(log.file, whole.substr(0, size));
    CHECK(log.run("otlp-traces") == 0);
    CHECK((t::bytes_of(log.file) == whole));
  }
}

TEST_CASE("an export that an archive interrupted is continued from the archive to the same bytes", "[archive]") {
  for (const std::string format : {"jsonl", "csv"}) {
    CAPTURE(format);
    const Log log;
    log.grow(401, 700);
    const auto archive_of = log.dir / "archive";
    std::filesystem::create_directory(archive_of);
    REQUIRE(jeton::copy_ledger(log.dir / "jeton.db", archive_of / "jeton.db", 700));
    const auto store = jeton::open_sqlite_store(log.dir / "jeton.db", jeton::Sync::normal);
    REQUIRE(store);
    t::archive(**store, 512);
    REQUIRE(log.run(format) == 0);
    const auto whole = t::bytes_of(log.file);
    // given: an export that ended while the rows behind it went
    t::write_bytes(log.file, whole.substr(0, whole.size() / 3));
    jeton::SignedHead head{(*store)->head(), 0, {}};
    head.signature.resize(64);
    REQUIRE((*store)->keep(head));
    REQUIRE((*store)->move_archived(2) == 2);

    // then: the log itself has not what comes next, and the archive has
    const auto cut = t::bytes_of(log.file);
    CHECK(log.run(format) == 4);
    CHECK((t::bytes_of(log.file) == cut));
    CHECK(log.run(format, archive_of.string()) == 0);
    CHECK(log.run(format) == 0);
    CHECK((t::bytes_of(log.file) == whole));
  }
}

TEST_CASE("an export of traces goes on from the archive and then behind what ended after it was made", "[archive]") {
  const t::TempDir dir;
  Log log;
  std::filesystem::create_directory(dir / "log");
  log.file = dir / "traces";
  const auto live = (dir / "log").string(), archived = (dir / "archive").string();
  const auto store = jeton::open_sqlite_store(dir / "log" / "jeton.db", jeton::Sync::normal);
  REQUIRE(store);
  const auto append = [&](jeton::EventKind kind, int seed) {
    REQUIRE((*store)->transact([&] {
      auto event = t::event_of(kind, seed);
      event.role = jeton::Role::agent;
      if (kind == jeton::EventKind::call_outcome) event.outcome = jeton::Outcome::ok;
      (*store)->append(event);
    }));
  };
  const auto calls = [&] {
    std::vector<std::uint64_t> ends;
    std::istringstream lines(t::bytes_of(log.file));
    for (std::string line; std::getline(lines, line);)
      ends.push_back(jeton::index_of_line(line, jeton::ExportFormat::otlp_traces).value());
    return ends;
  };
  // given: calls that began below the line, some ended before the archive was made, one after it
  for (int i = 0; i < 600; ++i) append(jeton::EventKind::call_opened, 1 + i);
  append(jeton::EventKind::call_outcome, 590);
  REQUIRE(log.run("otlp-traces", live) == 0);
  append(jeton::EventKind::call_outcome, 100);
  append(jeton::EventKind::call_outcome, 101);
  std::filesystem::create_directory(dir / "archive");
  REQUIRE(jeton::copy_ledger(dir / "log" / "jeton.db", dir / "archive" / "jeton.db", 603));
  append(jeton::EventKind::call_outcome, 102);
  append(jeton::EventKind::token_minted, 104);  // looks like the beginning of a call, and is none
  t::archive(**store, 512);
  jeton::SignedHead head{(*store)->head(), 0, {}};
  head.signature.resize(64);
  REQUIRE((*store)->keep(head));
  REQUIRE((*store)->move_archived(2) == 2);
  append(jeton::EventKind::call_outcome, 595);
  append(jeton::EventKind::token_revoked, 103);  // it waited for room, and all of its call is gone
  append(jeton::EventKind::call_outcome, 104);

  // then: it says each time where to go on, and passes nothing over
  CHECK(log.run("otlp-traces", live) == 3);
  CHECK(calls() == std::vector<std::uint64_t>{600});
  CHECK(log.run("otlp-traces", archived) == 0);
  CHECK(calls() == std::vector<std::uint64_t>{600, 601, 602});
  CHECK(log.run("otlp-traces", live) == 3);
  CHECK(log.run("otlp-traces", live, 604) == 0);
  CHECK(calls() == std::vector<std::uint64_t>{600, 601, 602, 606});
  const auto whole = t::bytes_of(log.file);
  CHECK(log.run("otlp-traces", live) == 0);
  CHECK((t::bytes_of(log.file) == whole));

  // and: what only looks like a line from the archive is left alone
  const auto until = [&](std::size_t lines) {
    std::size_t at = 0;
    for (; lines > 0; --lines) at = whole.find('\n', at) + 1;
    return whole.substr(0, at);
  };
  const auto good = until(3);
  auto another_end = good;
  another_end.replace(good.rfind("endTimeUnixNano\":\"") + 18, 1, "9");
  const auto txn = t::id_of<jeton::Txn>(101).text();
  const std::string place = R"({"key":"jeton.log_index","value":{"intValue":"602"}})";
  const std::vector<std::string> strange{
      another_end, good.substr(0, good.size() - 2) + " }\n",
      R"({"resourceSpans":[{"a":)" + place + R"(,"scopeSpans":[{"spans":[{"spanId":7,"attributes":7}]}]}]})" + "\n",
      R"({"a diary":[)" + place + R"(],"t":")" + txn + "\"}\n"};
  for (const auto& bytes : strange) {
    t::write_bytes(log.file, bytes);
    CHECK(log.run("otlp-traces", live) == 4);
    CHECK((t::bytes_of(log.file) == bytes));
  }
  t::write_bytes(log.file, good);
  CHECK(log.run("otlp-traces", live) == 3);
}

TEST_CASE("an export goes on when the log has grown") {
  const Log log;
  REQUIRE(log.run("jsonl") == 0);
  const auto before = t::bytes_of(log.file);
  log.grow(401, 450);
  REQUIRE(log.run("jsonl") == 0);
  const auto after = t::bytes_of(log.file);
  CHECK(after.starts_with(before));
  CHECK(std::count(after.begin(), after.end(), '\n') == 450);
}

TEST_CASE("a file that is no export of this log in this format stays as it is") {
  const Log log, other;
  other.grow(1000, 1001);
  REQUIRE(log.run("jsonl") == 0);
  const auto whole = t::bytes_of(log.file);
  for (const char* format : {"csv", "ocsf", "otlp", "otlp-traces"}) REQUIRE(log.run(format) != 0);
  CHECK((t::bytes_of(log.file) == whole));
  auto edited = whole;
  edited[whole.size() - 20] ^= 1;
  for (const auto& bytes : {std::string("a diary\n"), std::string("a diary"), edited, whole + "{\"log_index\":7}\n"}) {
    t::write_bytes(log.file, bytes);
    CHECK(log.run("jsonl") == 4);
    CHECK((t::bytes_of(log.file) == bytes));
  }
  std::filesystem::remove(log.file);
  std::filesystem::create_symlink(log.dir / "elsewhere", log.file);
  CHECK(log.run("jsonl") == 4);
  CHECK_FALSE(std::filesystem::exists(log.dir / "elsewhere"));
}

TEST_CASE("an export does not go into a file of another account, which could read it from then on") {
  if (::geteuid() != 0) return;
  const Log log;
  t::write_bytes(log.file, "");
  REQUIRE(::chown(log.file.c_str(), 65'533, 65'533) == 0);
  CHECK(log.run("jsonl") == 4);
  CHECK(t::bytes_of(log.file).empty());
}
