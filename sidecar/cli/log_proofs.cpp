// `jeton log verify|proof|vkey`: what a reviewer needs to believe the log, and to make a stranger believe it.
#include <fmt/core.h>
#include <unistd.h>

#include "app/ledger.hpp"
#include "cli/commands.hpp"
#include "cli/log_access.hpp"
#include "cli/table.hpp"
#include "jeton/consistency.hpp"
#include "jeton/proof.hpp"
#include "log/audit.hpp"

namespace jeton::cli {
namespace {

constexpr int exit_fault = 4;

Json json_of(const Audit& audit, const NoteKey& key) {
  Json faults = Json::array();
  for (const auto& fault : audit.faults)
    faults.push_back(
        {{"kind", name_of(fault.kind)}, {"first", fault.first}, {"last", fault.last}, {"what", fault.what}});
  return {{"origin", key.name()},
          {"events", audit.events},
          {"archived", audit.archived},
          {"root", hex(audit.root)},
          {"checkpoints", audit.checkpoints},
          {"signed_size", audit.signed_size},
          {"valid", audit.faults_in_all == 0},
          {"faults", std::move(faults)},
          {"faults_in_all", audit.faults_in_all}};
}

void print(const Audit& audit, const NoteKey& key, bool key_given) {
  for (const auto& fault : audit.faults) fmt::print("{}: {}\n", name_of(fault.kind), for_terminal(fault.what));
  if (audit.faults_in_all > audit.faults.size())
    fmt::print("and {} more faults\n", audit.faults_in_all - audit.faults.size());
  fmt::print("log {}\nevents {}, {} of them signed for, {} checkpoints, {} faults\n", for_terminal(key.name()),
             audit.events, audit.signed_size, audit.checkpoints, audit.faults_in_all);
  if (audit.archived > 0)
    fmt::print("events 0 to {} are archived: their hashes lead to the same roots, and their rows are elsewhere\n",
               audit.archived - 1);
  if (audit.faults_in_all == 0 && !key_given)
    fmt::print(stderr, "jeton: hint: the key came from beside the log; give --vkey as you were told it elsewhere\n");
}

/// A proof that the log only grew needs the checkpoint it grew from beside it.
int verify_growth(const Common& common, const std::string& proof, const LogOptions& options, const NoteKey& key) {
  if (options.checkpoints.size() != 1)
    return usage("a consistency proof is verified against one older checkpoint; give --checkpoint FILE");
  const auto note = text_of_file(options.checkpoints.front());
  if (!note) return tell(common, note.error());
  const auto old = Checkpoint::open(*note, key);
  if (!old) return tell(common, old.error());
  const auto newer = verify_consistency(proof, *old, key);
  if (!newer) return tell(common, newer.error());
  if (common.json)
    fmt::print("{}\n", json_for_terminal({{"valid", true},
                                          {"origin", newer->origin},
                                          {"old_size", old->size},
                                          {"size", newer->size},
                                          {"root", hex(newer->root)}}));
  else
    fmt::print("the {} events of the older checkpoint are the first of {} of {}\n", old->size, newer->size,
               for_terminal(newer->origin));
  return 0;
}

int verify_file(const Common& common, const LogOptions& options, const NoteKey& key) {
  const auto text = text_of_file(*options.proof);
  if (!text) return tell(common, text.error());
  if (text->starts_with("old ")) return verify_growth(common, *text, options, key);
  const auto proven = verify_proof(*text, key);
  if (!proven) return tell(common, proven.error());
  if (common.json) {
    fmt::print("{}\n", json_for_terminal({{"valid", true},
                                          {"origin", proven->checkpoint.origin},
                                          {"log_index", proven->log_index},
                                          {"size", proven->checkpoint.size},
                                          {"event", proven->event}}));
    return 0;
  }
  fmt::print("event {} of {}, under a checkpoint of {} events:\n{}\n", proven->log_index,
             for_terminal(proven->checkpoint.origin), proven->checkpoint.size, json_for_terminal(proven->event));
  return 0;
}

/// A line that overwrites itself, for whoever watches.
std::function<void(std::uint64_t)> progress_of(std::uint64_t events) {
  if (::isatty(STDERR_FILENO) == 0 || events < 100'000) return {};
  return [events, shown = std::uint64_t{0}](std::uint64_t done) mutable {
    if (done < shown + events / 100 && done < events) return;
    shown = done;
    fmt::print(stderr, "\rverified {} of {} events ({} %){}", done, events, done * 100 / events,
               done >= events ? "\n" : "");
  };
}

}  // namespace

int log_verify(const Common& common, const LogOptions& options) {
  const auto key = key_of(common, options.vkey);
  if (!key) return tell(common, key.error());
  if (options.proof) return verify_file(common, options, *key);
  const auto log = open_log(common);
  if (!log) return tell(common, log.error());
  // Read before the rows: what is signed for while they are read is not held against them.
  auto outside = outside_notes(state_of(common), options.checkpoints);
  if (!outside) return tell(common, outside.error());
  for (const auto& file : options.checkpoints)
    if (!std::filesystem::exists(file)) return tell(common, {Code::bad_request, file + " is not there"});
  step_back();
  try {
    const auto audit = audit_log(**log, *key, *outside, progress_of((*log)->size()));
    if (common.json)
      fmt::print("{}\n", json_for_terminal(json_of(audit, *key)));
    else
      print(audit, *key, options.vkey.has_value());
    return audit.faults_in_all == 0 ? 0 : exit_fault;
  } catch (const std::runtime_error& error) {
    return tell(common, {Code::log_unavailable, fmt::format("the log cannot be read: {}", error.what())});
  }
}

int log_proof(const Common& common, const LogOptions& options) {
  const auto key = key_of(common, options.vkey);
  if (!key) return tell(common, key.error());
  const auto log = open_log(common);
  if (!log) return tell(common, log.error());
  try {
    const auto proof = prove_event(**log, *key, options.index);
    if (!proof) return tell(common, proof.error());
    if (common.json)
      fmt::print("{}\n", json_for_terminal({{"log_index", options.index}, {"proof", *proof}}));
    else
      fmt::print("{}", *proof);
    return 0;
  } catch (const std::runtime_error& error) {
    return tell(common, {Code::log_unavailable, fmt::format("the log cannot be read: {}", error.what())});
  }
}

int log_vkey(const Common& common) {
  const auto key = key_of(common, std::nullopt);
  if (!key) return tell(common, key.error());
  if (common.json)
    fmt::print("{}\n", json_for_terminal({{"vkey", key->text()}, {"origin", key->name()}}));
  else
    fmt::print("{}\n", key->text());
  return 0;
}

}  // namespace jeton::cli
