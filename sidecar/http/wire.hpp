// What a connection's bytes go through on their way: the coroutines that read, write and take leave.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "http/request_reader.hpp"
#include "http/session.hpp"

namespace jeton {

using SessionPtr = std::shared_ptr<Session>;

struct ReadLimits {
  std::chrono::seconds idle;     ///< until a request begins
  std::chrono::seconds request;  ///< from its first byte to its last
};
/// Feeds the reader until it is done; the fault to answer with, or none when it is or when the peer simply left.
[[nodiscard]] boost::asio::awaitable<std::optional<Error>> read_request(SessionPtr session, RequestReader& reader,
                                                                        ReadLimits limits);

/// The handshake of TLS, where the session has it; false when there is none within `most`.
[[nodiscard]] boost::asio::awaitable<bool> shake_hands(SessionPtr session, std::chrono::seconds most);

/// False when it did not all get out.
[[nodiscard]] boost::asio::awaitable<bool> send(SessionPtr session, std::string bytes);

/// Over TCP a connection that is closed while bytes are unread takes its last answer back, so those are read, up to a
/// point, and for a second.
[[nodiscard]] boost::asio::awaitable<void> see_off(SessionPtr session);

}  // namespace jeton
