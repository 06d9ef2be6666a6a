// A call as its events tell it: there is no second record that could disagree with the log.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "jeton/event.hpp"

namespace jeton {

/// One token of a call.
struct Attempt {
  /// `reported`: redeemed offline, as its server says.
  enum class State { unredeemed, redeemed, reported, superseded, revoked };
  Event minted;
  State state = State::unredeemed;
  std::optional<Event> redemption = std::nullopt;
};

/// The state of one call, folded from its story.
class Call {
 public:
  /// Nothing for a story that does not begin with an opening.
  [[nodiscard]] static std::optional<Call> from(std::span<const Event> story);

  [[nodiscard]] const Event& opening() const { return opening_; }
  [[nodiscard]] const std::vector<Attempt>& attempts() const { return attempts_; }
  [[nodiscard]] const Attempt* attempt_of(const Jti& jti) const;
  /// Attempts that are redeemed or reported to be.
  [[nodiscard]] std::int64_t redemptions() const;
  [[nodiscard]] const std::vector<Event>& outcomes() const { return outcomes_; }
  /// The outcome that counts: the first the opener reported. After it the call is over for its agent.
  [[nodiscard]] const Event* openers_outcome() const;
  /// The event that closed the call for good: no attempt is minted after it.
  [[nodiscard]] const Event* revocation() const { return revocation_ ? &*revocation_ : nullptr; }
  /// The first outcome the redeemer of this token reported.
  [[nodiscard]] const Event* redeemers_outcome(const Jti& jti) const;

 private:
  void apply(const Event& event);

  Event opening_;
  std::vector<Attempt> attempts_;
  std::vector<Event> outcomes_;
  std::optional<Event> revocation_;
};

}  // namespace jeton
