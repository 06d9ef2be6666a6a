// One connection of the loop: what has arrived, whose it is, and which deadline ends it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/local/stream_protocol.hpp>

#include "attest/peer.hpp"

namespace jeton {

/// One connection. What it waits for at the moment decides which deadline ends it.
struct Session {
  using Stream = boost::asio::local::stream_protocol;
  using SteadyClock = std::chrono::steady_clock;
  enum class Phase { idle, reading, answering };

  Stream::socket socket;
  std::string buffer;  ///< arrived, and not taken yet
  std::optional<Peer> peer;
  Caller known;           ///< what the socket alone proves: all there is of a peer that is gone
  bool stranger = false;  ///< had no part to play when it connected
  Phase phase = Phase::idle;
  SteadyClock::time_point deadline = SteadyClock::time_point::max();
  bool timed_out = false;

  Session(Stream::socket connected, std::string path) : socket(std::move(connected)) { known.socket = std::move(path); }
};

}  // namespace jeton
