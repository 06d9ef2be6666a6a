// Letting go of the beginning: only what somebody holds, only what nothing here still decides by.
#include <algorithm>

#include <fmt/core.h>

#include "exchange/exchange.hpp"

namespace jeton {
namespace {

constexpr std::int64_t day_us = 24 * 3600 * us_per_s;
constexpr std::uint64_t whole_tile = 256;

}  // namespace

std::optional<Error> Exchange::not_archived(const Caller& caller, const ArchiveRequest& request) const {
  if (caller.remote || !parts_.roles.is_operator(caller)) {
    if (parts_.roles.knows(caller)) return Error{Code::wrong_role, "only an operator of this machine archives the log"};
    return Error{Code::unknown_agent, words_for(caller) + " is no operator; see [[operator]]"};
  }
  const auto size = parts_.store.size();
  if (request.copied > size)
    return Error{Code::bad_request,
                 fmt::format("the copy has {} events, and the log has {}: it is of another log", request.copied, size)};
  if (request.below > request.copied)
    return Error{Code::bad_request, fmt::format("the copy has {} events and not those up to {}; make a new one",
                                                request.copied, request.below)};
  if (parts_.store.root_at(request.copied) != request.root)
    return Error{Code::bad_request,
                 fmt::format("the copy's {} events are not the first {} of this log; make a new copy, and see "
                             "jeton log verify",
                             request.copied, request.copied)};
  return std::nullopt;
}

Result<Archiving> Exchange::archive(const Caller& caller, const ArchiveRequest& request) {
  if (auto no = not_archived(caller, request)) return refuse(refused(caller, std::move(*no), Refusal{}));
  const auto signed_for = parts_.store.newest_head();
  auto below =
      std::min({request.below, signed_for ? signed_for->head.size : 0, ages_.old_below(parts_.clock.boot_us())});
  below -= below % whole_tile;
  const auto before = parts_.store.archived();
  if (below <= before) return Archiving{before, 0, std::nullopt};
  if (parts_.store.newest_us(below) > parts_.clock.wall_us() - day_us)
    return refuse(refused(
        caller,
        {Code::bad_request, fmt::format("events below {} are younger than a day, and those stay", request.below)},
        Refusal{}));

  auto event = event_of(EventKind::log_archived, Role::operator_, caller);
  event.cited_size = static_cast<std::int64_t>(below);
  event.cited_root = parts_.store.root_at(below);
  const auto gone = below - parts_.store.standing(below);
  event.count = static_cast<std::int64_t>(gone);
  const auto gone_before = before - parts_.store.standing(before);
  return Archiving{below, gone - gone_before, parts_.store.append(event)};
}

}  // namespace jeton
