// The loop: coroutines that read and write, and a tick that answers. The one file of the sidecar that knows Beast.
#include "http/server.hpp"

#include <chrono>
#include <csignal>
#include <list>
#include <map>
#include <optional>
#include <vector>

#include <fmt/core.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>
#include "ops/log.hpp"

namespace jeton {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Stream = asio::local::stream_protocol;
using SteadyClock = std::chrono::steady_clock;
using Parser = http::request_parser<http::string_body>;

constexpr auto awaiting = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t read_ahead_bytes = 8 * 1024;
constexpr auto gather_max = std::chrono::milliseconds(1);

/// Nothing is expected to get here as an exception. What does (no memory, say) goes up to main: a loop that silently
/// ended would leave a daemon that looks alive and accepts, expires or keeps house no more.
void end_of_coroutine(std::exception_ptr thrown) {
  if (thrown) std::rethrow_exception(thrown);
}

/// One connection. What it waits for at the moment decides which deadline ends it.
struct Session {
  enum class Phase { idle, reading, answering };

  Stream::socket socket;
  boost::beast::flat_buffer buffer;
  std::optional<Peer> peer;
  Caller known;  ///< what the socket alone proves: all there is of a peer that is gone
  Phase phase = Phase::idle;
  SteadyClock::time_point deadline = SteadyClock::time_point::max();
  bool timed_out = false;

  Session(Stream::socket connected, std::string path) : socket(std::move(connected)) { known.socket = std::move(path); }
};

/// The whole answer as bytes: small enough to hand to the kernel in one call.
std::string bytes_of(const Response& response, bool keep_alive) {
  return fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nCache-Control: {}\r\n{}Content-Length: {}\r\n\r\n{}", response.status,
      std::string_view(http::obsolete_reason(http::int_to_status(static_cast<unsigned>(response.status)))),
      response.content_type, response.may_cache ? "max-age=60" : "no-store", keep_alive ? "" : "Connection: close\r\n",
      response.body.size(), response.body);
}

Request request_of(Parser& parser) {
  auto& message = parser.get();
  return {std::string(message.method_string()), std::string(message.target()),
          std::string(message[http::field::content_type]), std::move(message.body())};
}

Error fault_of(const boost::system::error_code& error) {
  if (error == http::error::body_limit) return {Code::bad_request, "the body is larger than limits.body_bytes"};
  if (error == http::error::header_limit) return {Code::bad_request, "the header is larger than limits.header_bytes"};
  return {Code::bad_request, "not HTTP/1.1: " + error.message()};
}

}  // namespace

class Server::Loop {
 public:
  Loop(Door& door, const ProcessView& view, const ServerLimits& limits)
      : door_(door), view_(view), limits_(limits), signals_(context_), house_timer_(context_), sweep_timer_(context_) {}

  void listen(int socket, const std::filesystem::path& path) {
    acceptors_.emplace_back(context_);
    acceptors_.back().assign(Stream(), socket);
    asio::co_spawn(context_, accept(acceptors_.back(), path.string()), end_of_coroutine);
  }

  void on_hangup(std::function<void()> reload) { reload_ = std::move(reload); }
  void set_limits(const ServerLimits& limits) { limits_ = limits; }

  void run(const std::function<void()>& ready) {
    signals_.add(SIGTERM);
    signals_.add(SIGINT);
    if (reload_) signals_.add(SIGHUP);
    wait_for_signal();
    asio::co_spawn(context_, keep_house(), end_of_coroutine);
    asio::co_spawn(context_, sweep(), end_of_coroutine);
    ready();
    context_.run();
    door_.keep_house(true);
  }

 private:
  using SessionPtr = std::shared_ptr<Session>;

  asio::awaitable<void> accept(Stream::acceptor& acceptor, std::string path) {
    while (acceptor.is_open()) {
      auto [error, socket] = co_await acceptor.async_accept(awaiting);
      if (error == asio::error::operation_aborted || stopping_) co_return;
      if (error) {
        // Out of descriptors or memory: waiting is all that helps, and spinning would take the time others need.
        asio::steady_timer pause(context_, std::chrono::milliseconds(50));
        co_await pause.async_wait(awaiting);
        continue;
      }
      boost::system::error_code ignored;
      socket.non_blocking(true, ignored);  // so that an answer can be tried at once
      auto session = std::make_shared<Session>(std::move(socket), path);
      asio::co_spawn(context_, serve(std::move(session)), end_of_coroutine);
    }
  }

  asio::awaitable<void> serve(SessionPtr session) {
    auto admitted = admit(*session);
    if (!admitted) {
      co_await refuse_and_close(session, admitted.error());
      co_return;
    }
    sessions_.push_back(session);
    const auto place = std::prev(sessions_.end());
    ++per_uid_[session->known.uid];
    try {
      bool again = true;
      while (again && !stopping_) again = co_await serve_one(session);
    } catch (const std::exception& error) {
      // Costs this connection, which learns nothing, and no other.
      log_line(Level::error, "a connection ended by a mistake of our own", {{"what", error.what()}});
    }
    sessions_.erase(place);
    if (--per_uid_[session->known.uid] == 0) per_uid_.erase(session->known.uid);
    if (stopping_ && sessions_.empty()) finish();
  }

  Result<void> admit(Session& session) {
    // Before anything can be refused: a refusal must never be put down to another account.
    if (const auto credentials = view_.credentials(session.socket.native_handle())) {
      session.known.uid = credentials->uid;
      session.known.gid = credentials->gid;
      if (credentials->pid != 0) session.known.pid = credentials->pid;
    }
    auto peer = Peer::accept(view_, session.socket.native_handle(), session.known.socket);
    if (!peer) return refuse(peer.error());
    session.peer.emplace(std::move(*peer));
    auto caller = session.peer->caller();
    if (!caller) return refuse(caller.error());
    const auto held = per_uid_.find(session.known.uid);
    if (sessions_.size() >= limits_.connections ||
        (held != per_uid_.end() && held->second >= limits_.connections_per_uid))
      return refuse(Code::overloaded, "too many open connections; close idle ones and try again");
    return {};
  }

  asio::awaitable<void> refuse_and_close(SessionPtr session, Error error) {
    Job job;
    job.caller = session->known;
    job.fault = std::move(error);
    co_await submit(job);
    co_await write(session, std::move(job.response), false);
  }

  /// Reads and answers one request; false when the connection is over.
  asio::awaitable<bool> serve_one(SessionPtr session) {
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(limits_.header_bytes));
    parser.body_limit(limits_.body_bytes);
    parser.eager(true);
    auto [arrived, fault] = co_await read(session, parser);
    if (!arrived && !fault) co_return false;

    Job job;
    job.caller = session->known;
    bool keep_alive = false;
    if (auto caller = session->peer->caller()) {
      job.caller = std::move(*caller);
      if (door_.wants_sha256_of(job.caller)) session->peer->add_sha256(job.caller);
      keep_alive = arrived && parser.keep_alive();
    } else {
      fault = caller.error();
    }
    job.fault = std::move(fault);
    if (arrived && !job.fault) job.request = request_of(parser);
    wait_in(*session, Session::Phase::answering, limits_.request_s);
    co_await submit(job);
    if (arrived && parser.get().method() == http::verb::head) job.response.body.clear();
    const bool written = co_await write(session, std::move(job.response), keep_alive);
    co_return written&& keep_alive;
  }

  /// Whether a whole request arrived; if not, the fault to answer with, or none when the peer simply left.
  asio::awaitable<std::pair<bool, std::optional<Error>>> read(SessionPtr session, Parser& parser) {
    auto& buffer = session->buffer;
    wait_in(*session, Session::Phase::idle, limits_.idle_s);
    for (;;) {
      if (buffer.size() > 0) {
        if (session->phase == Session::Phase::idle) wait_in(*session, Session::Phase::reading, limits_.request_s);
        boost::system::error_code error;
        if (may_end(parser, buffer.size())) buffer.consume(parser.put(buffer.data(), error));
        if (parser.is_done()) co_return whole(parser);
        // Bodies are taken as they come. What stays is a header, a chunk's extension or a trailer, and only the first
        // of them the parser itself keeps within bounds.
        if (buffer.size() > limits_.header_bytes + read_ahead_bytes) error = http::error::header_limit;
        if (error && error != http::error::need_more) co_return std::pair(false, std::optional(fault_of(error)));
      }
      auto space = buffer.prepare(read_ahead_bytes);
      auto [error, count] = co_await session->socket.async_read_some(space, awaiting);
      if (session->timed_out) {
        Error slow{Code::bad_request, fmt::format("the request took longer than {} s to arrive", limits_.request_s)};
        co_return std::pair(false, std::optional(std::move(slow)));
      }
      // A peer that left, even in the middle, has nothing to be told.
      if (error) co_return std::pair(false, std::nullopt);
      buffer.commit(count);
    }
  }

  /// The last chunk ends no sooner than "0 CRLF CRLF". Shown a piece of it twice, the parser meets an assertion of its
  /// own.
  static bool may_end(const Parser& parser, std::size_t bytes) {
    constexpr std::size_t last_chunk_bytes = 5;
    return !parser.is_header_done() || !parser.chunked() || bytes >= last_chunk_bytes;
  }

  /// RFC 9112 section 6.3: where a body of another coding ends is anybody's guess, and a request might be hidden in it.
  static std::pair<bool, std::optional<Error>> whole(const Parser& parser) {
    if (parser.chunked() || parser.get().count(http::field::transfer_encoding) == 0) return {true, std::nullopt};
    return {false, Error{Code::bad_request, "Transfer-Encoding must be chunked and nothing else"}};
  }

  static void wait_in(Session& session, Session::Phase phase, std::int64_t seconds) {
    session.phase = phase;
    session.deadline = SteadyClock::now() + std::chrono::seconds(seconds);
  }

  asio::awaitable<bool> write(SessionPtr session, Response response, bool keep_alive) {
    auto bytes = bytes_of(response, keep_alive);
    // Nearly always the socket takes it all, and the loop is spared a turn.
    boost::system::error_code error;
    const auto sent = session->socket.send(asio::buffer(bytes), 0, error);
    if (error && error != asio::error::would_block) co_return false;
    if (!error && sent == bytes.size()) co_return true;
    auto rest = asio::buffer(bytes) + (error ? 0 : sent);
    auto [failure, count] = co_await asio::async_write(session->socket, rest, awaiting);
    co_return !failure;
  }

  /// Puts a job into the tick and resumes when its response is durable.
  asio::awaitable<void> submit(Job& job) {
    auto initiate = [this](auto handler, Job* waiting) {
      auto shared = std::make_shared<decltype(handler)>(std::move(handler));
      tick_.push_back({waiting, [shared] { std::move (*shared)(); }});
      if (tick_.size() == 1) asio::post(context_, [this] { answer_when_gathered(); });
    };
    auto answered = asio::async_initiate<const asio::use_awaitable_t<>, void()>(initiate, asio::use_awaitable, &job);
    co_await std::move(answered);
  }

  /// Who asked together will soon ask together again: after a tick of several, the next one waits for as many, but
  /// never longer than a quarter of what the last one took. A lone client never waits.
  void answer_when_gathered() {
    if (tick_.size() < last_tick_ && SteadyClock::now() < gather_until_)
      asio::post(context_, [this] { answer_when_gathered(); });
    else
      answer_tick();
  }

  /// Everything that became ready since the last tick is answered in one transaction.
  void answer_tick() {
    const auto began = SteadyClock::now();
    auto ready = std::exchange(tick_, {});
    std::vector<Job*> jobs;
    jobs.reserve(ready.size());
    for (const auto& waiting : ready) jobs.push_back(waiting.job);
    door_.answer(jobs);
    for (auto& waiting : ready) waiting.resume();
    const auto ended = SteadyClock::now();
    last_tick_ = ready.size();
    gather_until_ = ended + std::min<SteadyClock::duration>((ended - began) / 4, gather_max);
  }

  void wait_for_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      if (signal != SIGHUP) return stop();
      reload_();
      wait_for_signal();
    });
  }

  asio::awaitable<void> keep_house() {
    while (!stopping_) {
      house_timer_.expires_after(std::chrono::seconds(1));
      auto [error] = co_await house_timer_.async_wait(awaiting);
      if (error) co_return;
      door_.keep_house(false);
    }
  }

  /// Ends what has waited too long: one timer for all connections costs less than one each.
  asio::awaitable<void> sweep() {
    while (!stopping_) {
      sweep_timer_.expires_after(std::chrono::milliseconds(250));
      auto [error] = co_await sweep_timer_.async_wait(awaiting);
      if (error) co_return;
      const auto now = SteadyClock::now();
      for (const auto& session : sessions_)
        if (session->deadline <= now) expire(*session);
    }
  }

  static void expire(Session& session) {
    boost::system::error_code ignored;
    session.deadline = SteadyClock::time_point::max();
    session.timed_out = session.phase == Session::Phase::reading;
    if (session.timed_out)
      session.socket.cancel(ignored);  // it is still told why
    else
      session.socket.close(ignored);
  }

  void stop() {
    stopping_ = true;
    boost::system::error_code ignored;
    for (auto& acceptor : acceptors_) acceptor.close(ignored);
    house_timer_.cancel();
    sweep_timer_.cancel();
    for (const auto& session : sessions_)
      if (session->phase != Session::Phase::answering) session->socket.close(ignored);
    if (sessions_.empty()) finish();
    // A client that does not read its answer must not hold the stop up.
    auto last_call = std::make_shared<asio::steady_timer>(context_, std::chrono::seconds(2));
    last_call->async_wait([this, last_call](const boost::system::error_code&) { finish(); });
  }

  void finish() { context_.stop(); }

  struct Waiting {
    Job* job;
    std::function<void()> resume;
  };

  Door& door_;
  const ProcessView& view_;
  ServerLimits limits_;
  asio::io_context context_{1};
  std::list<Stream::acceptor> acceptors_;
  asio::signal_set signals_;
  std::function<void()> reload_;
  asio::steady_timer house_timer_;
  asio::steady_timer sweep_timer_;
  std::list<SessionPtr> sessions_;
  std::map<uid_t, std::size_t> per_uid_;
  std::vector<Waiting> tick_;
  std::size_t last_tick_ = 0;
  SteadyClock::time_point gather_until_;
  bool stopping_ = false;
};

Server::Server(Door& door, const ProcessView& view, const ServerLimits& limits)
    : loop_(std::make_unique<Loop>(door, view, limits)) {}
Server::~Server() = default;
void Server::listen(int socket, const std::filesystem::path& path) { loop_->listen(socket, path); }
void Server::on_hangup(std::function<void()> reload) { loop_->on_hangup(std::move(reload)); }
void Server::set_limits(const ServerLimits& limits) { loop_->set_limits(limits); }
void Server::run(const std::function<void()>& ready) { loop_->run(ready); }

}  // namespace jeton
