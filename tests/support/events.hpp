// Events and verified tokens out of nothing, for tests of what keeps and shows them.
#pragma once

#include <algorithm>
#include <string>

#include "jeton/event.hpp"
#include "jeton/token.hpp"
#include "support/catch.hpp"
#include "support/forge.hpp"

namespace jeton::testing {

/// The same id for the same number.
template <class Id>
Id id_of(int number) {
  Id id;
  const auto hash = sha256("id " + std::to_string(number));
  std::copy_n(hash.begin(), id.bytes.size(), id.bytes.begin());
  return id;
}

/// Gives each member a value of its own, so that two columns that changed places are found.
class Filler {
 public:
  explicit Filler(int seed) : next_(seed * 1000) {}

  void fill(const char* name, std::optional<std::string>& out) {
    out = std::string(name) + "-" + std::to_string(++next_);
  }
  void fill(const char*, std::optional<std::int64_t>& out) { out = ++next_; }
  void fill(const char*, std::optional<std::uint64_t>& out) { out = static_cast<std::uint64_t>(++next_); }
  void fill(const char*, std::optional<bool>& out) { out = ++next_ % 2 == 0; }
  void fill(const char* name, std::optional<Sha256>& out) { out = sha256(name + std::to_string(++next_)); }
  template <class Tag>
  void fill(const char*, std::optional<Id<Tag>>& out) {
    out = id_of<Id<Tag>>(++next_);
  }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void fill(const char*, std::optional<Enum>& out) {
    out = static_cast<Enum>(2);  // every enumeration of an event has at least two names
  }

 private:
  int next_;
};

/// An event with every member set.
inline Event full_event(EventKind kind = EventKind::token_minted, int seed = 1) {
  Event event;
  event.kind = kind;
  event.time_us = 1'790'000'000'000'000 + seed;
  Filler filler(seed);
  for_each_member(event, [&filler](const char* name, auto& member, auto...) { filler.fill(name, member); });
  return event;
}

/// An event of a call; the number is both its txn and its jti.
inline Event event_of(EventKind kind, int number) {
  Event event;
  event.kind = kind;
  event.time_us = 1'790'000'000'000'000;
  event.txn = id_of<Txn>(number);
  event.jti = id_of<Jti>(number);
  return event;
}

/// A token that passed every check, of the call with this number.
inline VerifiedToken verified_token(int number) {
  auto claims = forge::good_claims();
  claims.txn = id_of<Txn>(number);
  claims.jti = id_of<Jti>(number);
  auto token = UnverifiedToken::parse(sign_token(claims, forge::issuer_key()).expose_for_transport());
  REQUIRE(token);
  auto genuine = GenuineToken::verify(std::move(*token), forge::issuer_keys());
  REQUIRE(genuine);
  auto verified = VerifiedToken::check(std::move(*genuine), forge::good_expectation());
  REQUIRE(verified);
  return *verified;
}

}  // namespace jeton::testing
