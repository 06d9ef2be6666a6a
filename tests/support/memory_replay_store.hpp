// A replay store in memory, for tests of what stands on the port; it keeps the same promises while it lives.
#pragma once

#include <algorithm>
#include <map>
#include <mutex>

#include "jeton/clock.hpp"
#include "jeton/replay_store.hpp"

namespace jeton::testing {

class MemoryReplayStore final : public ReplayStore {
 public:
  Result<Burn> burn(const VerifiedToken& token, const RedemptionKey& redemption, std::int64_t wall_us) override {
    const std::lock_guard lock(mutex_);
    if (!writable_) return refuse(Code::log_unavailable, "the replay store cannot be written");
    const auto& claims = token.claims();
    const auto now_s = wall_us / us_per_s;
    if (const auto known = burned_.find(claims.jti); known != burned_.end()) {
      const auto& first = known->second;
      if (first.token == token.sha256() && first.redemption == redemption && now_s < claims.exp + repeat_window_s)
        return Burn{first.at, true};
      return refuse(Code::already_redeemed, "already redeemed");
    }
    if (claims.exp <= horizon_) return refuse(Code::expired, "as old as what was forgotten");
    if (auto in_time = token.in_time(wall_us); !in_time) return refuse(in_time.error());
    forget(now_s - token_skew_s - repeat_window_s);
    burned_[claims.jti] = {claims.exp, token.sha256(), redemption, now_s};
    return Burn{now_s, false};
  }

  void set_writable(bool writable) { writable_ = writable; }
  [[nodiscard]] std::size_t size() const { return burned_.size(); }

 private:
  struct Row {
    std::int64_t exp;
    Sha256 token;
    RedemptionKey redemption;
    std::int64_t at;
  };
  void forget(std::int64_t no_later_than) {
    for (auto row = burned_.begin(); row != burned_.end();) {
      if (row->second.exp > no_later_than) {
        ++row;
        continue;
      }
      horizon_ = std::max(horizon_, row->second.exp);
      row = burned_.erase(row);
    }
  }

  std::mutex mutex_;
  std::map<Jti, Row> burned_;
  std::int64_t horizon_ = -1;
  bool writable_ = true;
};

}  // namespace jeton::testing
