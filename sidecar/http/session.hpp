// One connection of the loop: what has arrived, whose it is, and which deadline ends it.
#pragma once

#include <chrono>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include <fmt/core.h>

#include <boost/asio/generic/stream_protocol.hpp>

#include "attest/peer.hpp"
#include "http/message.hpp"
#include "http/request_reader.hpp"
#include "http/tls.hpp"

namespace jeton {

/// One connection. What it waits for at the moment decides which deadline ends it.
struct Session {
  using Stream = boost::asio::generic::stream_protocol;  // a Unix socket or one of TCP
  using SteadyClock = std::chrono::steady_clock;
  enum class Phase { shaking_hands, idle, reading, answering, leaving };

  Stream::socket socket;
  std::optional<TlsEngine> tls;
  std::string buffer;        ///< arrived, in the clear, and not taken yet
  std::string body_room;     ///< of the last request's body, for the next one's
  std::optional<Peer> peer;  ///< over TCP there is no process to look at
  Caller known;              ///< what the socket alone proves: all there is of a peer that is gone
  bool stranger = false;     ///< had no part to play when it connected
  Phase phase = Phase::idle;
  SteadyClock::time_point deadline = SteadyClock::time_point::max();
  bool timed_out = false;

  explicit Session(Stream::socket connected) : socket(std::move(connected)) {}

  /// Over TCP: both ends' addresses become what is known. False when whoever it was has left already.
  [[nodiscard]] bool know_by_address();
  /// Who it is now; unattested_peer when the process that connected is gone or another.
  [[nodiscard]] Result<Caller> caller(const std::shared_ptr<const TlsContext>& in_force);
  /// By how much it may send.
  [[nodiscard]] RequestReader::Sender sender(std::size_t body_bytes_max) const;

  /// Its time is over.
  void expire();
  void wait_in(Phase what, std::chrono::seconds most) {
    phase = what;
    deadline = SteadyClock::now() + most;
  }
};

/// Names for requests: those of one daemon do not repeat, and those of two hardly, since each has its start in them.
class RequestNames {
 public:
  /// From here on its time is counted.
  void name(Job& job) {
    job.id = fmt::format("{:08x}-{}", start_, ++given_);
    job.arrived = Session::SteadyClock::now();
  }

 private:
  const std::uint32_t start_ = std::random_device()();
  std::uint64_t given_ = 0;
};

}  // namespace jeton
