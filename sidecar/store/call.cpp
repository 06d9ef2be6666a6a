// Folding events into the state of a call, in the order they happened.
#include "store/call.hpp"

#include <algorithm>

namespace jeton {

std::optional<Call> Call::from(std::span<const Event> story) {
  if (story.empty()) return std::nullopt;
  const auto& first = story.front();
  if (first.kind != EventKind::call_opened && first.kind != EventKind::token_minted) return std::nullopt;
  Call call;
  call.opening_ = first;
  for (const auto& event : story) call.apply(event);
  return call;
}

void Call::apply(const Event& event) {
  if (event.kind == EventKind::token_minted) {
    attempts_.push_back({event});
    return;
  }
  if (event.kind == EventKind::call_outcome) outcomes_.push_back(event);
  if (event.kind == EventKind::token_revoked && !event.jti && !revocation_) revocation_ = event;
  const auto attempt = std::find_if(attempts_.begin(), attempts_.end(),
                                    [&event](const Attempt& a) { return event.jti && a.minted.jti == event.jti; });
  // Spent is for ever: whatever is said of a redeemed token later, it counts against the call's redemptions.
  if (attempt == attempts_.end() || attempt->redemption) return;
  if (attempt->state == Attempt::State::reported && event.kind != EventKind::token_redeemed) return;
  switch (event.kind) {
    case EventKind::token_redeemed:
      attempt->state = Attempt::State::redeemed;
      attempt->redemption = event;
      break;
    case EventKind::token_superseded: attempt->state = Attempt::State::superseded; break;
    case EventKind::token_revoked: attempt->state = Attempt::State::revoked; break;
    case EventKind::call_outcome:
      // Superseded or revoked does not matter: neither reaches a server that verifies offline.
      if (event.role == Role::server) attempt->state = Attempt::State::reported;
      break;
    default: break;
  }
}

const Attempt* Call::attempt_of(const Jti& jti) const {
  const auto found =
      std::find_if(attempts_.begin(), attempts_.end(), [&jti](const Attempt& a) { return a.minted.jti == jti; });
  return found == attempts_.end() ? nullptr : &*found;
}

std::int64_t Call::redemptions() const {
  return std::count_if(attempts_.begin(), attempts_.end(), [](const Attempt& a) {
    return a.state == Attempt::State::redeemed || a.state == Attempt::State::reported;
  });
}

const Event* Call::openers_outcome() const {
  const auto found =
      std::find_if(outcomes_.begin(), outcomes_.end(), [](const Event& e) { return e.role == Role::agent; });
  return found == outcomes_.end() ? nullptr : &*found;
}

const Event* Call::redeemers_outcome(const Jti& jti) const {
  const auto found = std::find_if(outcomes_.begin(), outcomes_.end(),
                                  [&jti](const Event& e) { return e.role == Role::server && e.jti == jti; });
  return found == outcomes_.end() ? nullptr : &*found;
}

}  // namespace jeton
