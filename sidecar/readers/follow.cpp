// Looking again and again, and believing nothing that changed behind it.
#include "readers/follow.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace jeton {
namespace {

// Small enough that the writer's log can begin anew between two pages.
constexpr std::uint64_t page_events = 256;
// Whoever wants the newest events of a rare agent does not wait for the whole log to be read.
constexpr std::uint64_t looked_back = 16'384;

class Follower {
 public:
  Follower(const LogReader& log, const FollowRange& range, const Skipped& skipped)
      : log_(log), range_(range), skipped_(skipped), there_(log.size()), size_(there_), origin_(log.origin()) {
    const bool named = range.from || range.since_us;
    next_ = named ? range.from.value_or(0) : newest();
    const auto archive = log.archive();
    if (named) gap_ = {next_, archive};
    next_ = std::max(next_, archive.first);
    tell_skipped();
  }

  /// Everything that is there and was not given yet; false when `put` wants no more.
  bool look(const std::function<bool(const std::vector<Event>&)>& put) {
    const auto size = log_.size();
    if (size < size_) throw LogDamaged(fmt::format("the log had {} events and has {}", size_, size));
    const auto origin = log_.origin();
    if (!origin_.empty() && origin != origin_) throw LogDamaged(fmt::format("{} is now {}", origin_, origin));
    origin_ = origin;
    size_ = size;
    while (next_ < size) {
      const auto events = page(size);
      if (!events.empty() && !put(events)) return false;
      tell_skipped();
    }
    return true;
  }

 private:
  void tell_skipped() {
    const auto gap = std::exchange(gap_, std::nullopt);
    if (gap && gap->first < gap->second.first) skipped_(gap->first, gap->second);
  }

  [[nodiscard]] bool is_wanted(const Event& event) const {
    // Only of what was there at the start: a clock that was set back hides nothing that is new.
    if (event.log_index < there_ && range_.since_us && event.time_us < *range_.since_us) return false;
    return !range_.wanted || range_.wanted(event);
  }

  /// Where the newest wanted ones begin.
  [[nodiscard]] std::uint64_t newest() const {
    if (!range_.wanted) return there_ - std::min(there_, range_.newest);
    // Below what is archived a reading would begin with the first row that is left.
    const auto first = std::max(there_ - std::min(there_, looked_back), std::min(log_.archive().first, there_));
    auto begin = there_;
    for (std::uint64_t found = 0; begin > first && found < range_.newest;) {
      const auto end = begin;
      const auto size = std::min(page_events, end - first);
      const auto events = log_.read(end - size, size);
      begin = end - size;
      for (auto event = events.rbegin(); event != events.rend() && found < range_.newest; ++event)
        if (range_.wanted(*event) && ++found == range_.newest) begin = event->log_index;
    }
    return begin;
  }

  /// The wanted of the next events. Reads the last one of before again: it must still be what it was.
  std::vector<Event> page(std::uint64_t size) {
    std::vector<Event> events;
    std::optional<LogDamaged> damage;
    auto next = last_ ? next_ - 1 : next_;
    auto last = last_;
    const auto end = std::min(size, next_ + page_events);
    (void)log_.visit(next, end - next, [&](const auto& row) {
      if (damage) return;
      if (row.event == nullptr)
        damage = LogDamaged(std::string(row.trouble));
      else if (row.log_index != next)
        damage = LogDamaged(fmt::format("events {} to {} are missing", next, row.log_index - 1));
      else if (next < next_ && *row.event != *last_)
        damage = LogDamaged(fmt::format("event {} is not what it was", next));
      if (damage) return;
      if (next >= next_ && is_wanted(*row.event)) events.push_back(*row.event);
      if (++next == end) last = *row.event;
    });
    if (damage || next != end)
      if (const auto archive = log_.archive(); next < archive.first) {
        // Archived meanwhile. What is behind it is still there, and what was shown before needs no word.
        gap_ = {std::max(next, next_), archive};
        next_ = std::max(next_, archive.first);
        last_.reset();
        return events;
      }
    if (damage) throw *damage;
    if (next != end) throw LogDamaged(fmt::format("events {} to {} are missing", next, end - 1));
    next_ = next;
    last_ = last;
    return events;
  }

  const LogReader& log_;
  const FollowRange& range_;
  const Skipped& skipped_;
  std::uint64_t there_;  ///< how many there were at the start
  std::uint64_t size_;
  std::string origin_;  ///< empty until it is signed for the first time
  std::uint64_t next_ = 0;
  std::optional<Event> last_;                                        ///< the one before next_
  std::optional<std::pair<std::uint64_t, LogReader::Archive>> gap_;  ///< from here on, and nobody was told
};

}  // namespace

Result<void> follow_log(const LogReader& log, const FollowRange& range, LogWatch& watch,
                        const std::function<bool(const std::vector<Event>&)>& put, const Skipped& skipped) {
  Follower follower(log, range, skipped);
  int failed = 0;
  do {
    // Asked first: what was appended before the log was moved is still shown.
    const bool in_place = watch.in_place();
    try {
      if (!follower.look(put)) return {};
      failed = 0;
    } catch (const LogDamaged&) {
      throw;
    } catch (const std::runtime_error&) {
      if (++failed == follow_patience) throw;
    }
    if (!in_place && failed == 0)
      return refuse(Code::log_unavailable,
                    "the log that was followed was moved away or replaced; follow again to see the one that lies there "
                    "now, and see jeton log verify");
  } while (watch.wait());
  return {};
}

}  // namespace jeton
