// Keys that are ready when a test says so, in the place of the thread that makes RSA keys.
#pragma once

#include <deque>
#include <stdexcept>

#include "identity/key_maker.hpp"
#include "support/any_key.hpp"

namespace jeton::testing {

/// Each key is another one, and of P-256: as slow as RSA are only RSA keys. Whoever needs a real one puts it in.
class SlowKeysByHand final : public SlowKeys {
 public:
  void order() override { ++ordered; }
  [[nodiscard]] std::optional<SigningKey> take() override {
    if (ready_.empty()) return std::nullopt;
    std::optional<SigningKey> key(std::move(ready_.front()));
    ready_.pop_front();
    return key;
  }
  /// One that was ordered is made.
  void make(SigningKey key = SigningKey::generate(Algorithm::es256)) {
    if (ordered == 0) throw std::logic_error("nobody ordered a key");
    --ordered;
    ready_.push_back(std::move(key));
  }

  int ordered = 0;  ///< and not made yet

 private:
  std::deque<SigningKey> ready_;
};

}  // namespace jeton::testing
