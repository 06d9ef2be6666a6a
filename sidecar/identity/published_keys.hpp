// What a daemon shows of its keys: those of its tokens, each with the chain that vouches for it.
#pragma once

#include <string>
#include <vector>

#include "identity/certifier.hpp"
#include "identity/keyring.hpp"

namespace jeton {

/// A view of others' keys, which outlive it. One thread, no I/O.
class PublishedKeys {
 public:
  /// A keyring alone is shown as it is.
  PublishedKeys(Keyring& keyring, Certifier* certifier = nullptr) : keyring_(keyring), certifier_(certifier) {}

  /// What call tokens are verified with.
  [[nodiscard]] Json jwks() const;
  [[nodiscard]] std::vector<std::string> kids() const;
  /// Of the tokens there are, whether their keys are ready or not.
  [[nodiscard]] std::vector<std::string> algorithms() const;

 private:
  Keyring& keyring_;
  Certifier* certifier_;
};

}  // namespace jeton
