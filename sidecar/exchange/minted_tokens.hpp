// What this process minted and may still be redeemed: jti → digest, deadline, whose it is, whether it was ended.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "exchange/authority.hpp"
#include "jeton/hash.hpp"
#include "jeton/id.hpp"

namespace jeton {

/// Memory of live tokens. It lets the issuer recognise its own token without a signature check, judge time by a clock
/// that cannot be set, and end tokens without asking the log. A token of one of our keys that is not in here has
/// expired. One thread.
class MintedTokens {
 public:
  /// Who burned it: the account and its redemption id. The server is the token's own.
  struct Burn {
    RedemptionKey key;
    std::int64_t uid = -1;
    bool operator==(const Burn&) const = default;
  };
  /// Whose token it is, and for whom. Shared by all tokens of one agent and run for one server.
  struct Owner {
    std::string agent;  ///< SPIFFE ID
    std::optional<std::string> run_id = std::nullopt;
    std::string server = {};
    auto operator<=>(const Owner&) const = default;
  };
  using SharedOwner = std::shared_ptr<const Owner>;
  /// `ended` is spent or superseded; `ending` is that only if the transaction at hand becomes durable. `revoked` is for
  /// good.
  enum class State : std::uint8_t { live, ending, ended, revoked };
  struct Entry {
    Sha256 sha256;
    std::int64_t deadline_boot_us;
    Txn txn = {};
    SharedOwner owner = nullptr;
    std::optional<Burn> burned = std::nullopt;
    State state = State::live;
    std::shared_ptr<const std::vector<CallAbove>> above = nullptr;  ///< the calls it is used for; null: for none

    [[nodiscard]] bool acts_for(const std::function<bool(const CallAbove&)>& wanted) const;
  };

  [[nodiscard]] SharedOwner owner(Owner owner);
  [[nodiscard]] const Entry* find(const Jti& jti) const;
  /// Which token a text is that has this hash. A hash says nothing about its token to whoever measures a look-up.
  [[nodiscard]] std::optional<Jti> with_hash(const Sha256& sha256) const;
  /// The tokens that could be redeemed now and that `wanted` says yes to; `or_ending`: or could be again, should the
  /// transaction at hand fail.
  using Wanted = std::function<bool(const Entry&)>;
  [[nodiscard]] std::vector<Jti> live(std::int64_t now_boot_us, const Wanted& wanted, bool or_ending = false) const;

  // What a transaction does. `settle` says what became of it: when it is not durable, what was minted in it never left
  // and is forgotten, and what was burned or superseded in it is live again.
  void remember(const Jti& jti, const Entry& entry);
  void supersede(const Jti& jti) { end(jti, std::nullopt); }
  /// Durably burned, it stays so here: a log that says otherwise later is not the one it was burned in.
  void burn(const Jti& jti, const Burn& burn) { end(jti, burn); }
  /// The tokens that were forgotten.
  std::set<Jti> settle(bool durable);
  /// How much the transaction has done so far, and taking back what it did since.
  [[nodiscard]] std::size_t steps() const { return steps_.size(); }
  void take_back(std::size_t steps);

  /// At once, whatever becomes of the transaction.
  void revoke(const Jti& jti);
  /// Forgets what can no longer be redeemed.
  void forget_expired(std::int64_t now_boot_us);
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  /// A jti is 128 random bits of our own making: its first eight bytes are a hash already.
  struct Hash {
    template <std::size_t size>
    static std::size_t beginning(const std::array<unsigned char, size>& bytes) {
      std::size_t first = 0;
      std::memcpy(&first, bytes.data(), sizeof first);
      return first;
    }
    std::size_t operator()(const Jti& jti) const { return beginning(jti.bytes); }
    std::size_t operator()(const Sha256& sha256) const { return beginning(sha256); }
  };
  struct Step {
    Jti jti;
    bool minted = false;
    std::optional<Burn> burn = std::nullopt;
  };
  void end(const Jti& jti, const std::optional<Burn>& burn);

  std::unordered_map<Jti, Entry, Hash> entries_;
  std::unordered_map<Sha256, Jti, Hash> by_hash_;
  std::map<Owner, std::weak_ptr<const Owner>> owners_;
  std::vector<Step> steps_;  ///< of the transaction at hand
};

}  // namespace jeton
