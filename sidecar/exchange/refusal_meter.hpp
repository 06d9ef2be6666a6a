// Which refusals become events of their own, and which are counted into one: a flood must not fill the disk.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "jeton/event.hpp"

namespace jeton {

/// Per (uid or client, code): the first 20 of a minute are events, the rest one `refusals.suppressed` with count, first
/// and last. While the disk is low all are counted. One thread.
class RefusalMeter {
 public:
  static constexpr std::int64_t events_per_min = 20;

  /// An account, an authenticated client, or a client on an account's connection.
  struct Who {
    std::optional<std::int64_t> uid;
    std::string client = {};  ///< an agent's SPIFFE ID or a server's url; empty: none
    auto operator<=>(const Who&) const = default;
  };

  /// True: write this one as an event. False: it has been counted.
  [[nodiscard]] bool admit(const Who& who, Code code, std::int64_t wall_us, std::int64_t boot_us);
  void set_disk_low(bool low) { disk_low_ = low; }
  [[nodiscard]] bool disk_low() const { return disk_low_; }

  /// The `refusals.suppressed` that are due: one for each minute that is over, or for all of them when `all`. The
  /// counts stay until `written` says they are in the log.
  [[nodiscard]] std::vector<Event> due(std::int64_t wall_us, std::int64_t boot_us, bool all) const;
  void written(const std::vector<Event>& events);

 private:
  struct Window {
    std::int64_t since_boot_us = 0;
    std::int64_t seen = 0;
    std::int64_t suppressed = 0;
    std::int64_t first_us = 0;
    std::int64_t last_us = 0;
  };
  std::map<std::pair<Who, Code>, Window> windows_;
  bool disk_low_ = false;
};

}  // namespace jeton
