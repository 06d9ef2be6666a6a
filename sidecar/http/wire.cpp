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

asio::awaitable<bool> send_as_it_is(SessionPtr session, std::string bytes) {
  // Nearly always the socket takes it all, and the loop is spared a turn.
  boost::system::error_code error;
  const auto sent = session->socket.send(asio::buffer(bytes), 0, error);
  if (error && error != asio::error::would_block) co_return false;
  if (!error && sent == bytes.size()) co_return true;
  auto rest = asio::buffer(bytes) + (error ? 0 : sent);
  auto [failure, count] = co_await asio::async_write(session->socket, rest, awaiting);
  co_return !failure;
}

/// What comes next over the wire, added to `bytes`; false when the peer has left or the session was cut off.
asio::awaitable<bool> receive_as_it_is(SessionPtr session, std::string& bytes) {
  const auto before = bytes.size();
  bytes.resize(before + read_ahead_bytes);
  auto space = asio::buffer(bytes) + before;
  auto [error, count] = co_await session->socket.async_read_some(space, awaiting);
  bytes.resize(before + count);
  co_return !error;
}

/// The same in the clear, added to the session's buffer, and maybe nothing yet.
asio::awaitable<bool> receive(SessionPtr session) {
  std::string wire;
  const bool there = co_await receive_as_it_is(session, session->tls ? wire : session->buffer);
  if (!there || !session->tls) co_return there;
  const auto before = session->buffer.size();
  const auto fed = session->tls->feed(wire, session->buffer);
  auto reply = session->tls->take_outgoing();
  if (!reply.empty()) (void)co_await send_as_it_is(session, std::move(reply));
  // A request and a farewell may come in one piece.
  co_return fed && (session->buffer.size() > before || !session->tls->has_ended());
}

/// Whether the bytes that have come begin something, though none can be read yet.
bool is_in_the_middle(const Session& session) {
  return !session.buffer.empty() || (session.tls && session.tls->is_in_the_middle());
}

}  // namespace

asio::awaitable<std::optional<Error>> read_request(SessionPtr session, RequestReader& reader, ReadLimits limits) {
  auto& buffer = session->buffer;
  session->wait_in(Session::Phase::idle, limits.idle);
  for (;;) {
    if (session->phase == Session::Phase::idle && is_in_the_middle(*session))
      session->wait_in(Session::Phase::reading, limits.request);
    if (!buffer.empty()) {
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

asio::awaitable<bool> shake_hands(SessionPtr session, std::chrono::seconds most) {
  session->wait_in(Session::Phase::shaking_hands, most);
  while (session->tls && !session->tls->is_established()) {
    const bool there = co_await receive(session);
    if (!there) co_return false;
  }
  co_return true;
}

asio::awaitable<bool> send(SessionPtr session, std::string bytes) {
  if (session->tls) {
    session->tls->encrypt(bytes);
    bytes = session->tls->take_outgoing();
  }
  const bool sent = co_await send_as_it_is(session, std::move(bytes));
  co_return sent;
}

asio::awaitable<void> see_off(SessionPtr session) {
  session->wait_in(Session::Phase::leaving, std::chrono::seconds(1));
  if (session->tls) {
    session->tls->close();
    auto farewell = session->tls->take_outgoing();
    (void)co_await send_as_it_is(session, std::move(farewell));
  }
  boost::system::error_code error;
  session->socket.shutdown(asio::socket_base::shutdown_send, error);
  std::string unread;
  bool more = !error;
  for (std::size_t read = 0; more && read < farewell_bytes; read += unread.size()) {
    unread.clear();
    more = co_await receive_as_it_is(session, unread);
  }
}

}  // namespace jeton
