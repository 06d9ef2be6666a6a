// A reader's own index of calls and tokens, in a file of its own: it finds candidates, and is never believed over the
// log.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/store.hpp"

namespace jeton {

/// The index cannot be read or written. What was asked can be asked again after discard(). Thrown, since only one
/// place can mend it.
struct IndexDamaged : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// How far a call's newest attempt has come, as far as that does not depend on the clock.
enum class CallStage : std::uint8_t {
  opened = 1,
  unredeemed = 2,
  superseded = 3,
  revoked = 4,
  redeemed = 5,
  reported = 6
};

/// What candidates must have in common; what is empty does not matter.
struct CallQuery {
  using Test = std::function<bool(const std::string&)>;
  Test agent, tool, server;  ///< of the stored text; a missing one is ""
  std::optional<std::string> run_id = std::nullopt;
  std::optional<std::string> session_id = std::nullopt;
  std::optional<std::string> call_id = std::nullopt;
  std::optional<CallStage> stage = std::nullopt;
  std::optional<bool> expired = std::nullopt;  ///< of an unredeemed one, at `now_s`
  std::optional<Code> code = std::nullopt;     ///< some request of the call was refused with it
  std::optional<std::int64_t> since_us = std::nullopt;
  std::optional<std::int64_t> until_us = std::nullopt;  ///< opened before
  std::int64_t now_s = 0;
};

/// One thread, one process at a time: the directory stays locked for as long as this lives.
class CallIndex {
 public:
  /// Finds or makes `directory`/calls.db, 0600 in a directory 0700 of this account alone. log_unavailable when that
  /// cannot be, or another process holds it for longer than ten seconds; bad_request for a directory with a log in it.
  [[nodiscard]] static Result<CallIndex> open(const std::filesystem::path& directory);
  /// Gone when this is; as quick to ask and as long to make.
  [[nodiscard]] static CallIndex in_memory();
  CallIndex(CallIndex&&) noexcept;
  CallIndex& operator=(CallIndex&&) noexcept;
  ~CallIndex();

  /// Reads what the log has that this has not, in short pages. An index of another log, or of one that is not a
  /// beginning of this log, is emptied first. `progress` is told the events indexed so far and how many there are.
  /// Throws IndexDamaged, or what the log's reader throws.
  using Progress = std::function<void(std::uint64_t done, std::uint64_t events)>;
  void catch_up(const LogReader& log, const Progress& progress = {});
  /// Throws the file away and begins an empty one.
  void discard();

  /// Calls that fit and were opened before this event, newest first. Throws IndexDamaged.
  [[nodiscard]] std::vector<LogReader::Opening> candidates(const CallQuery& query, std::uint64_t before,
                                                           std::size_t limit) const;
  /// Where the log may have minted this token or refused it by its hash. Throws IndexDamaged.
  [[nodiscard]] std::vector<std::uint64_t> events_of(const Jti& jti, std::size_t limit) const;
  [[nodiscard]] std::vector<std::uint64_t> events_of(const Sha256& token, std::size_t limit) const;
  /// The first start of a sidecar behind this event. Throws IndexDamaged.
  [[nodiscard]] std::optional<std::uint64_t> start_after(std::uint64_t log_index) const;

 private:
  class File;
  explicit CallIndex(std::unique_ptr<File> file);
  template <class Work>
  auto guarded(Work&& work) const;

  std::unique_ptr<File> file_;
};

}  // namespace jeton
