// Who holds how many of the connections there may be: an account, an address, strangers together, the network together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "attest/caller.hpp"

namespace jeton {

struct ServerLimits {
  std::size_t body_bytes = 1 << 20;
  std::size_t header_bytes = 16 * 1024;
  std::size_t connections_per_uid = 128;
  std::size_t connections_per_address = 64;
  std::size_t connections = 1024;
  std::int64_t idle_s = 60;
  std::int64_t request_s = 5;
};

/// Whose share of the threads for errands: agents of one account are told apart by their sockets, hosts of one network
/// (of IPv6 a /64) not at all.
[[nodiscard]] std::string errand_account(const Caller& caller);

/// The places there are, and who has them. One thread.
class Places {
 public:
  explicit Places(const ServerLimits& limits) : limits_(limits) {}

  /// The network has half of all places and never the others, so it keeps nobody from the Unix sockets.
  /// Asked before anything else of a caller is looked at: who is turned away costs one descriptor and not four.
  [[nodiscard]] bool has_room_for(const Caller& caller) const;
  /// Accounts cost nothing to whoever can make them: those without a part to play share a quarter of all places.
  [[nodiscard]] bool has_room_for_stranger() const { return strangers_ < limits_.connections / 4; }

  /// Over TCP everybody is a stranger and counted with the network alone.
  void take(const Caller& caller, bool stranger);
  /// What was taken with the same words.
  void give_back(const Caller& caller, bool stranger);

  /// Who has a place keeps it.
  void set_limits(const ServerLimits& limits) { limits_ = limits; }
  [[nodiscard]] std::size_t strangers() const { return strangers_; }
  [[nodiscard]] std::size_t network() const { return network_; }

 private:
  /// An account, or nobody's and an address.
  using Holder = std::pair<uid_t, std::string>;
  [[nodiscard]] static Holder holder_of(const Caller& caller);

  ServerLimits limits_;
  std::map<Holder, std::size_t> held_;
  std::size_t taken_ = 0;
  std::size_t strangers_ = 0;
  std::size_t network_ = 0;
};

}  // namespace jeton
