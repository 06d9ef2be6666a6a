// A condition on a Caller, written as SPIRE writes them: unix:uid:1001, systemd:id:crm.service, jeton:socket:/run/x.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "attest/caller.hpp"
#include "jeton/error.hpp"

namespace jeton {

struct Selector {
  enum class Kind { uid, gid, path, sha256, unit, socket };
  Kind kind;
  std::string value;

  /// bad_request names what is wrong: an unknown kind, a uid that is no plain decimal number, a path that is not
  /// absolute and normal, a sha256 that is not 64 lower-case hex digits, a unit that is no service, a socket path too
  /// long to bind.
  [[nodiscard]] static Result<Selector> parse(std::string_view text);
  [[nodiscard]] std::string text() const;
  [[nodiscard]] bool matches(const Caller& caller) const;
};

/// Selectors that must all hold. Only a uid, a system unit or an own socket tells accounts apart; the rest narrows.
class SelectorSet {
 public:
  SelectorSet() = default;
  /// Refuses with bad_request an empty set, one without a uid, a unit or an own socket, and one that names a kind
  /// twice (all must hold, so it could never match; another account is another entry).
  [[nodiscard]] static Result<SelectorSet> parse(const std::vector<std::string>& texts);
  /// Exactly this account; for --dev and for the default operators.
  [[nodiscard]] static SelectorSet of_uid(uid_t uid);

  [[nodiscard]] bool matches(const Caller& caller) const;
  /// Whether everything but the executable's hash holds: only then is hashing worth its cost.
  [[nodiscard]] bool wants_sha256_of(const Caller& caller) const;
  [[nodiscard]] const std::vector<Selector>& selectors() const { return selectors_; }

 private:
  std::vector<Selector> selectors_;
};

}  // namespace jeton
