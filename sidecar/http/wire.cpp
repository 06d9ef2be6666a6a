// Beside the loop the one file with co_await: a read, a write, a farewell.
#include "http/wire.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace jeton {
namespace {

namespace asio = boost::asio;

constexpr auto awaiting = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t read_ahead_bytes = 8 * 1024;
constexpr std::size_t farewell_bytes = 256 * 1024;

/// Adds what comes next to the session's buffer; false when the peer has left or the session was cut off.
asio::awaitable<bool> receive(SessionPtr session) {
  auto& buffer = session->buffer;
  const auto before = buffer.size();
  buffer.resize(before + read_ahead_bytes);
  auto space = asio::buffer(buffer) + before;
  auto [error, count] = co_await session->socket.async_read_some(space, awaiting);
  buffer.resize(before + count);
  co_return !error;
}

}  // namespace

asio::awaitable<std::optional<Error>> read_request(SessionPtr session, RequestReader& reader, ReadLimits limits) {
  auto& buffer = session->buffer;
  session->wait_in(Session::Phase::idle, limits.idle);
  for (;;) {
    if (!buffer.empty()) {
      if (session->phase == Session::Phase::idle) session->wait_in(Session::Phase::reading, limits.request);
      buffer.erase(0, reader.feed(buffer));
      if (reader.done() || reader.fault()) co_return reader.fault();
    }
    const bool there = co_await receive(session);
    if (session->timed_out)
      co_return Error{Code::bad_request,
                      fmt::format("the request took longer than {} s to arrive", limits.request.count())};
    // A peer that left, even in the middle, has nothing to be told.
    if (!there) co_return std::nullopt;
  }
}

asio::awaitable<bool> send(SessionPtr session, std::string bytes) {
  // Nearly always the socket takes it all, and the loop is spared a turn.
  boost::system::error_code error;
  const auto sent = session->socket.send(asio::buffer(bytes), 0, error);
  if (error && error != asio::error::would_block) co_return false;
  if (!error && sent == bytes.size()) co_return true;
  auto rest = asio::buffer(bytes) + (error ? 0 : sent);
  auto [failure, count] = co_await asio::async_write(session->socket, rest, awaiting);
  co_return !failure;
}

asio::awaitable<void> see_off(SessionPtr session) {
  boost::system::error_code error;
  session->socket.shutdown(asio::socket_base::shutdown_send, error);
  session->wait_in(Session::Phase::leaving, std::chrono::seconds(1));
  for (std::size_t read = 0; !error && read < farewell_bytes; read += session->buffer.size()) {
    session->buffer.clear();
    if (!co_await receive(session)) break;
  }
}

}  // namespace jeton
