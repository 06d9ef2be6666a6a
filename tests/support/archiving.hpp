// Letting a log go of its beginning as an operator's request does, for whoever looks at what comes of it.
#pragma once

#include "store/store.hpp"
#include "support/catch.hpp"

namespace jeton::testing {

/// Appends the `log.archived`; rows go once a kept head covers it.
inline void archive(Store& store, std::uint64_t below) {
  REQUIRE(store.transact([&] {
    Event event;
    event.kind = EventKind::log_archived;
    event.time_us = 1'790'000'000'000'000;
    event.cited_size = static_cast<std::int64_t>(below);
    event.count = static_cast<std::int64_t>(below - store.standing(below));
    store.append(event);
  }));
}

}  // namespace jeton::testing
