// 128-bit identifiers: txn names a call, jti names a token, redemption and open ids make retries safe.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "jeton/base64url.hpp"

namespace jeton {

/// Fills `out` from the system's random source.
void fill_random(std::span<unsigned char> out);

/// 128 bits, written as 22 characters of base64url. Two kinds of id never mix: the tag is part of the type.
template <class Tag>
struct Id {
  std::array<unsigned char, 16> bytes{};

  [[nodiscard]] static Id random() {
    Id id;
    fill_random(id.bytes);
    return id;
  }
  [[nodiscard]] static std::optional<Id> parse(std::string_view text) {
    Id id;
    if (!from_base64url(text, id.bytes)) return std::nullopt;
    return id;
  }
  [[nodiscard]] std::string text() const { return base64url(bytes); }
  auto operator<=>(const Id&) const = default;
};

using Txn = Id<struct TxnTag>;
using Jti = Id<struct JtiTag>;
using RedemptionKey = Id<struct RedemptionTag>;

/// A fresh 128-bit id as text, for `open_id` and `redemption_id`.
[[nodiscard]] inline std::string random_id() { return Id<struct AnyTag>::random().text(); }

}  // namespace jeton
