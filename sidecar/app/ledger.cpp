// Opening a log, giving one up, and keeping its checkpoints outside of it.
#include "app/ledger.hpp"

#include <algorithm>

#include <fmt/core.h>
#include <unistd.h>

#include "app/given_up_log.hpp"
#include "ops/log.hpp"

namespace jeton {
namespace {

constexpr std::string_view syslog_place = "syslog";
constexpr int first_checkpoint_s = 5;

Publisher::Put put_in(const std::string& place) { return place == syslog_place ? put_in_syslog() : put_in_file(place); }

/// A new key beside an old log would fork every call that is still open, and sign a log it cannot vouch for.
Result<LogSecret> secret_beside(const std::filesystem::path& state) {
  const auto file = state / "log.key";
  if (std::filesystem::exists(state / "jeton.db") && !std::filesystem::exists(file) && !LogSecret::is_credential())
    return refuse(Code::log_unavailable,
                  fmt::format("{} is missing beside its log; {}", file.string(),
                              was_given_up(state)
                                  ? "if a start with --accept-rollback was cut off, say it again; else restore the key"
                                  : "restore it from the backup, or start with a new --state"));
  return LogSecret::load_or_create(file);
}

/// A log without any event beside one that was given up is its successor, and its start was cut off before it said so.
bool begins_after_rollback(const Store& store, const std::filesystem::path& state) {
  return store.size() == 0 && was_given_up(state);
}

}  // namespace

Result<std::vector<OutsideNote>> outside_notes(const std::filesystem::path& state,
                                               const std::vector<std::string>& places) {
  std::vector<OutsideNote> notes;
  std::vector<std::string> files{(state / "checkpoint").string()};
  for (const auto& place : places)
    if (place != syslog_place) files.push_back(place);
  for (const auto& file : files) {
    auto note = read_checkpoint_file(file);
    if (!note) return refuse(note.error());
    if (*note) notes.push_back({file, std::move(**note)});
  }
  return notes;
}

Ledger::Ledger(const Options& options, const Clock& clock, std::unique_ptr<Store> store, LogSecret secret,
               std::string origin)
    : secret_(std::move(secret)),
      store_(std::move(store)),
      key_(secret_.checkpoint_key()),
      note_key_(std::move(origin), key_.verifying_key()),
      notary_({*store_, key_, note_key_, clock, [this](const std::string& note) { show(note); }}) {
  const auto file = (options.state / "checkpoint").string();
  publishers_.push_back(std::make_unique<Publisher>(file, put_in_file(file)));
  for (const auto& place : options.checkpoint_places)
    publishers_.push_back(std::make_unique<Publisher>(place, put_in(place)));
}

Result<std::unique_ptr<Ledger>> Ledger::open(const Options& options, const Clock& clock) {
  if (options.accept_rollback)
    if (auto finished = finish_giving_up(options.state); !finished) return refuse(finished.error());
  bool rolled_back = false;
  auto ledger = open_checked(options, clock, rolled_back);
  if (ledger && options.accept_rollback && !(*ledger)->recovered_)
    log_line(Level::info, "there was no rollback to accept");
  // Nothing else is accepted: a disk that fails for a moment, or a log of a newer version, costs nobody their log.
  if (ledger || !options.accept_rollback || !rolled_back) return ledger;
  log_line(Level::warning, "a rollback is accepted", {{"found", ledger.error().message}});
  const auto outside = outside_notes(options.state, options.checkpoint_places);
  if (!outside) return refuse(outside.error());
  if (LogSecret::is_credential())
    return refuse(Code::log_unavailable,
                  "the log key is a systemd credential, and a new log needs a new one; remove the credential first");
  const auto moved = give_up_log(options.state, clock.wall_us() / us_per_s);
  if (!moved) return refuse(moved.error());
  log_line(Level::warning, "the log was given up and a new one begins", {{"moved_to", moved->string()}});
  auto secret = secret_beside(options.state);
  if (!secret) return refuse(secret.error());
  auto store = open_sqlite_store(options.state / "jeton.db", options.sync);
  if (!store) return refuse(store.error());
  auto origin = (*store)->origin(fmt::format("{}/jeton/{}", options.trust_domain, (*store)->id()));
  if (!origin) return refuse(origin.error());
  auto fresh =
      std::unique_ptr<Ledger>(new Ledger(options, clock, std::move(*store), std::move(*secret), std::move(*origin)));
  fresh->recovered_ = Recovered{largest_claim(*outside)};
  return fresh;
}

Result<std::unique_ptr<Ledger>> Ledger::open_checked(const Options& options, const Clock& clock, bool& rolled_back) {
  auto secret = secret_beside(options.state);
  if (!secret) return refuse(secret.error());
  auto store = open_sqlite_store(options.state / "jeton.db", options.sync);
  if (!store) return refuse(store.error());
  auto origin = (*store)->origin(fmt::format("{}/jeton/{}", options.trust_domain, (*store)->id()));
  if (!origin) return refuse(origin.error());
  const auto outside = outside_notes(options.state, options.checkpoint_places);
  if (!outside) return refuse(outside.error());
  const NoteKey key(*origin, secret->checkpoint_key().verifying_key());
  const auto found = find_rollback(**store, key, *outside);
  if (!found) return refuse(found.error());
  if (*found) {
    rolled_back = true;
    return refuse(
        Code::log_unavailable,
        fmt::format("{}; find out why, see jeton log verify, put the newest log back, or begin a new one with "
                    "--accept-rollback",
                    **found));
  }
  const bool successor = begins_after_rollback(**store, options.state);
  auto ledger =
      std::unique_ptr<Ledger>(new Ledger(options, clock, std::move(*store), std::move(*secret), std::move(*origin)));
  if (successor) ledger->recovered_ = Recovered{largest_claim(*outside)};
  return ledger;
}

Result<void> Ledger::first_checkpoint() {
  const std::filesystem::path file = publishers_.front()->place();
  if (auto put = put_in_file(file.parent_path() / "log.vkey")(note_key_.text() + "\n"); !put) return put;
  if (auto signed_for = notary_.sign_if_grown(); !signed_for) return signed_for;
  notary_.publish_newest();
  if (publishers_.front()->flush(first_checkpoint_s)) return {};
  return refuse(Code::log_unavailable,
                fmt::format("no checkpoint can be put outside of the log: {}", publishers_.front()->trouble()));
}

void Ledger::show(const std::string& note) {
  for (const auto& publisher : publishers_) publisher->publish(note);
}

void Ledger::checkpoint() {
  const auto done = notary_.sign_if_grown();
  std::string trouble = done ? "" : done.error().message;
  for (const auto& publisher : publishers_)
    if (const auto what = publisher->trouble(); !what.empty()) trouble += (trouble.empty() ? "" : "; ") + what;
  if (trouble == trouble_) return;
  if (trouble.empty())
    log_line(Level::info, "checkpoints are shown again");
  else
    log_line(Level::warning, "a checkpoint is not shown", {{"why", trouble}});
  trouble_ = std::move(trouble);
}

Json Ledger::status() const {
  const auto head = store_->head();
  return {{"origin", note_key_.name()},
          {"size", head.size},
          {"root", hex(head.root)},
          {"signed_size", notary_.signed_size()}};
}

std::size_t Ledger::failing_places() const {
  return static_cast<std::size_t>(std::count_if(publishers_.begin(), publishers_.end(),
                                                [](const auto& place) { return !place->trouble().empty(); }));
}

Json Ledger::places() const {
  Json places = Json::array();
  for (const auto& publisher : publishers_) {
    const auto trouble = publisher->trouble();
    places.push_back(publisher->place() + (trouble.empty() ? "" : " (failing: " + trouble + ")"));
  }
  return places;
}

}  // namespace jeton
