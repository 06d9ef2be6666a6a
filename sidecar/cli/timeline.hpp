// Events one below the other, as people read them.
#pragma once

#include <string>
#include <vector>

#include "jeton/event.hpp"

namespace jeton::cli {

/// What one event says beyond its name, in a few words.
[[nodiscard]] std::string words_of(const Event& event);
/// "server uid 1002 pid 4242 /usr/bin/tool", as far as it is known.
[[nodiscard]] std::string who(const Event& event);
/// A table of events with the time since the first; each line ends in a line feed.
[[nodiscard]] std::string timeline(const std::vector<Event>& events);

/// One event by itself, as it comes: its place, time, name, whose and what for, and who did it. Ends in a line feed.
[[nodiscard]] std::string line_of(const Event& event);
/// The name at the end of a SPIFFE ID.
[[nodiscard]] std::string short_agent(const std::string& agent);

/// "0.2 s", "14 min", "3 days": the distance of two times, as one says it.
[[nodiscard]] std::string distance(std::int64_t from_us, std::int64_t to_us);

}  // namespace jeton::cli
