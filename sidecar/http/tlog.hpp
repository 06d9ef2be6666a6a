// The log's checkpoint, tiles and bundles over HTTP (c2sp.org/tlog-tiles), read from the stored tree.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

#include "http/message.hpp"
#include "jeton/note.hpp"
#include "store/store.hpp"

namespace jeton {

/// Reads by a connection of its own, so that nobody's tick waits for it. Any thread, one at a time.
class Tlog {
 public:
  using Open = std::function<Result<std::unique_ptr<LogReader>>()>;
  /// Opens the log at the first question: most daemons are never asked.
  Tlog(Open open, NoteKey key) : open_(std::move(open)), key_(std::move(key)) {}

  /// Of a target below /tlog/. What the newest checkpoint does not vouch for is not there: 404.
  [[nodiscard]] Response answer(std::string_view target);

 private:
  [[nodiscard]] Response read(std::string_view path);

  const Open open_;
  const NoteKey key_;
  std::mutex mutex_;
  std::unique_ptr<LogReader> log_;
};

[[nodiscard]] bool is_tlog(const Request& request);
/// Whoever can fetch the entries reads the log.
[[nodiscard]] bool is_tlog_entries(std::string_view target);

}  // namespace jeton
