// The port of a reviewer's questions: what in the log asks to be looked at, and how often what happened.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>

namespace jeton {

/// From one moment on, up to but not including another; microseconds.
struct Window {
  std::int64_t since_us = std::numeric_limits<std::int64_t>::min();
  std::int64_t until_us = std::numeric_limits<std::int64_t>::max();
};

/// One row of the view `alerts`. Texts are as they stand in the file: whoever edited it may have written anything.
struct Finding {
  std::string kind;
  std::int64_t log_index = 0;
  std::int64_t time_us = 0;
  std::optional<std::string> txn;
  std::optional<std::string> jti;
  std::optional<std::string> agent;  ///< SPIFFE ID; of a refused redemption, of the call it was about
  std::optional<std::int64_t> uid;   ///< of who asked
  std::optional<std::string> server;
  std::optional<std::string> tool;
  std::optional<std::string> code;
  std::int64_t count = 1;  ///< tokens, or refusals, that this one row is about
};

/// How often one thing happened within an hour.
struct Tally {
  enum class What { call, token, redemption, report, refusal };
  What what = What::call;
  std::int64_t hour = 0;            ///< since 1970
  std::optional<std::string> code;  ///< of a refusal
  std::optional<std::string> agent;
  std::optional<std::int64_t> uid;  ///< of a refusal without an agent
  std::optional<std::string> server;
  std::optional<std::string> tool;
  std::int64_t count = 0;  ///< each event adds at most 10^9
};

/// Reads like LogReader. Each question is one pass over the log in one read transaction; throws what SQLite throws for
/// a file that cannot be read. It asks in its own words, whatever views the file has.
class Review {
 public:
  virtual ~Review() = default;
  /// In no order.
  virtual void alerts(const Window& window, const std::function<void(const Finding&)>& see) const = 0;
  virtual void tallies(const Window& window, const std::function<void(const Tally&)>& see) const = 0;
};

}  // namespace jeton
