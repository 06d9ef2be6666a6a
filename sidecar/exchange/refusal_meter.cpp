// Counting refusals by account and code, a minute at a time.
#include "exchange/refusal_meter.hpp"

#include "jeton/clock.hpp"

namespace jeton {
namespace {
constexpr std::int64_t window_us = 60 * us_per_s;

void name_client(Event& event, const std::string& client) {
  (client.starts_with("spiffe://") ? event.agent : event.server) = client;
}
}  // namespace

bool RefusalMeter::admit(const Who& who, Code code, std::int64_t wall_us, std::int64_t boot_us) {
  auto& window = windows_[{who, code}];
  // A window with counts in it stays until they are written; only then does a new minute begin.
  const bool over = window.suppressed == 0 && boot_us - window.since_boot_us >= window_us;
  if (window.seen == 0 || over) window = {boot_us};
  ++window.seen;
  if (window.seen <= events_per_min && !disk_low_) return true;
  if (window.suppressed++ == 0) window.first_us = wall_us;
  window.last_us = wall_us;
  return false;
}

std::vector<Event> RefusalMeter::due(std::int64_t wall_us, std::int64_t boot_us, bool all) const {
  std::vector<Event> events;
  for (const auto& [key, window] : windows_) {
    if (window.suppressed == 0) continue;
    if (!all && (disk_low_ || boot_us - window.since_boot_us < window_us)) continue;
    Event event;
    event.kind = EventKind::refusals_suppressed;
    event.time_us = wall_us;
    event.role = Role::daemon;
    event.uid = key.first.uid;
    if (!key.first.client.empty()) name_client(event, key.first.client);
    event.code = key.second;
    event.count = window.suppressed;
    event.first_us = window.first_us;
    event.last_us = window.last_us;
    events.push_back(std::move(event));
  }
  return events;
}

void RefusalMeter::written(const std::vector<Event>& events) {
  for (const auto& event : events)
    if (event.kind == EventKind::refusals_suppressed)
      windows_.erase({{event.uid, event.agent ? *event.agent : event.server.value_or("")}, *event.code});
  // What was refused only now and then needs no window between its minutes.
  if (windows_.size() > 4096) std::erase_if(windows_, [](const auto& entry) { return entry.second.suppressed == 0; });
}

}  // namespace jeton
