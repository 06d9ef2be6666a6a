// `jeton log archive`: a copy that verifies first, and only then the log lets go of its beginning.
#include <chrono>
#include <thread>

#include <sys/stat.h>

#include "app/config.hpp"
#include "app/ledger.hpp"
#include "app/paths.hpp"
#include "cli/log_access.hpp"
#include "cli/log_copying.hpp"
#include "cli/table.hpp"
#include "cli/time_words.hpp"
#include "jeton/clock.hpp"
#include "log/audit.hpp"
#include "store/sqlite_store.hpp"

namespace jeton::cli {
namespace {

constexpr int exit_fault = 4;
constexpr std::int64_t day_us = 24 * 3600 * us_per_s;
constexpr std::uint64_t whole_tile = 256;

/// Before when an event is old enough, as it was said or as the configuration has it.
Result<std::int64_t> limit_of(const Common& common, const ArchiveOptions& options, std::int64_t now_us) {
  if (options.older_than) {
    if (const auto time = time_from(*options.older_than, now_us)) return *time;
    return refuse(Code::bad_request,
                  fmt::format("--older-than {} is no time; it takes {}", *options.older_than, time_help));
  }
  const auto state = state_of(common);
  struct stat info {};
  const auto owner = ::stat(state.c_str(), &info) == 0 ? info.st_uid : ::geteuid();
  const auto config = load_config(default_config(state), owner);
  if (config && config->retain_days > 0) return now_us - config->retain_days * day_us;
  return refuse(Code::bad_request,
                fmt::format("how old is old enough? add  --older-than 90d  or write  retain_days = 90  in {}",
                            default_config(state).string()));
}

/// The first event that stays.
std::uint64_t first_to_stay(const LogReader& log, std::int64_t before_us) {
  constexpr std::size_t page_events = 256;
  const auto size = log.size();
  ProgressLine line("looked at");
  for (auto next = log.archive().first; next < size;) {
    const auto page = log.read(next, page_events);
    if (page.empty()) break;
    for (const auto& event : page)
      if (event.time_us >= before_us) return event.log_index;
    next = page.back().log_index + 1;
    line.show(next, size);
  }
  return size;
}

/// The copy, read again from its file as `log verify` reads it: how many events it has and their root.
Result<TreeHead> verified(const std::filesystem::path& directory, const NoteKey& key) {
  const auto copy = open_sqlite_reader(directory / "jeton.db");
  if (!copy) return refuse(copy.error());
  const auto outside = outside_notes(directory, {});
  if (!outside) return refuse(outside.error());
  ProgressLine line("verified");
  const auto size = (*copy)->size();
  const auto audit = audit_log(**copy, key, *outside, [&](std::uint64_t done) { line.show(done, size); });
  if (audit.faults_in_all == 0 && audit.signed_size == audit.events) return TreeHead{audit.events, audit.root};
  return refuse(Code::log_unavailable,
                fmt::format("the copy does not verify, so nothing is archived{}; see jeton log verify --state {}",
                            audit.faults.empty() ? "" : ": " + audit.faults.front().what, directory.string()));
}

/// At its quota the log takes nothing in, and who asks together with others is refused with them; and an answer may be
/// late, since this process has stepped back. Asking again is safe.
Result<Json> ask(const Client& client, const Json& body) {
  constexpr int tries = 20;
  constexpr std::chrono::milliseconds pause{250};
  for (int i = 1;; ++i) {
    auto answer = client.post("/v1/log/archive", body);
    const auto code = answer ? Code::internal : answer.error().code;
    const bool passes = code == Code::log_unavailable || code == Code::sidecar_unavailable;
    if (!passes || i == tries) return answer;
    std::this_thread::sleep_for(pause);
  }
}

int tell_done(const Common& common, const ArchiveOptions& options, const TreeHead& copied, const Json& answer) {
  const auto below = answer.value("below", std::uint64_t{0}), count = answer.value("count", std::uint64_t{0});
  if (common.json) {
    auto body = answer;
    body["state"] = options.directory;
    body["copied"] = copied.size;
    fmt::print("{}\n", json_for_terminal(body));
    return 0;
  }
  if (count == 0) {
    fmt::print("nothing more is archived: events below {} are already\n", below);
    return 0;
  }
  fmt::print("{} events below {} are archived, event {} says so; the log lets go of them within {} s\n", count, below,
             answer.value("log_index", std::uint64_t{0}), count / 512 + 2);
  fmt::print("{} events in {}; keep it: jeton log show TXN --state {}\n", copied.size, options.directory,
             options.directory);
  return 0;
}

}  // namespace

int log_archive(const Common& common, const ArchiveOptions& options) {
  const auto now_us = SystemClock().wall_us();
  const auto before_us = limit_of(common, options, now_us);
  if (!before_us) return usage(before_us.error().message);
  if (*before_us > now_us - day_us) return usage("events of the last day stay; name  --older-than 1d  or more");
  const auto key = key_of(common, std::nullopt);
  if (!key) return tell(common, key.error());
  const auto client = Client::connect(common.client());
  if (!client) return tell(common, client.error());
  step_back();
  // Half a copy is the log as well.
  ::umask(077);
  return with_log(common, [&](const LogReader& log) {
    const auto archive = log.archive();
    if (archive.first < archive.below)
      return tell(common, {Code::overloaded, fmt::format("the log still lets go of events {} to {}; try again later",
                                                         archive.first, archive.below - 1)});
    const auto below = first_to_stay(log, *before_us);
    if (below < archive.first + whole_tile) {
      if (common.json)
        fmt::print("{}\n", json_for_terminal({{"below", archive.first}, {"count", 0}}));
      else
        fmt::print("nothing is archived: fewer than {} events are that old\n", whole_tile);
      return 0;
    }
    const std::filesystem::path directory = options.directory;
    const auto made = [&] {
      ProgressLine line("copied");
      return copy_log(common, log, *key, directory, WithArguments::yes,
                      [&, size = log.size()](std::uint64_t next) { line.show(next, size); });
    }();
    if (!made) return tell(common, made.error());
    const auto copied = verified(directory, *key);
    if (!copied) {
      (void)tell(common, copied.error());
      return exit_fault;
    }
    const auto answer =
        ask(*client, {{"below", std::min(below, copied->size)}, {"size", copied->size}, {"root", hex(copied->root)}});
    if (!answer) return tell(common, answer.error());
    return tell_done(common, options, *copied, *answer);
  });
}

}  // namespace jeton::cli
