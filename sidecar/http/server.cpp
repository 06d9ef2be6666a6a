// The loop: coroutines that read and write, and a tick that answers.
#include "http/server.hpp"

#include <chrono>
#include <csignal>
#include <list>
#include <optional>
#include <thread>
#include <vector>

#include <fmt/core.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "http/answering.hpp"
#include "http/errand_pool.hpp"
#include "http/places.hpp"
#include "http/session.hpp"
#include "http/tcp_socket.hpp"
#include "http/wire.hpp"
#include "ops/log.hpp"

namespace jeton {
namespace {

namespace asio = boost::asio;
using Stream = Session::Stream;
using SteadyClock = Session::SteadyClock;

constexpr auto awaiting = asio::as_tuple(asio::use_awaitable);
constexpr int accepts_a_turn = 8;  // a few: each holds a descriptor before it is known whether there is room
constexpr auto stalled_slice = std::chrono::milliseconds(10);
constexpr int errands_a_request_max = 8;  // a request has few reasons to wait for other programs

/// Nothing is expected to get here as an exception. What does (no memory, say) goes up to main: a loop that silently
/// ended would leave a daemon that looks alive and accepts, expires or keeps house no more.
void end_of_coroutine(std::exception_ptr thrown) {
  if (thrown) std::rethrow_exception(thrown);
}

const Error full{Code::overloaded, "too many open connections; close idle ones and try again"};

/// Somebody waits for its end, and nobody could catch what it throws: an answer that never came is a refusal as well.
void run_safely(const std::function<void()>& work) {
  try {
    work();
  } catch (const std::exception& error) {
    log_line(Level::error, "work for a request ended by a mistake of our own", {{"what", error.what()}});
  }
}

}  // namespace

class Server::Loop {
 public:
  Loop(Door& door, const ProcessView& view, const ServerLimits& limits, StallGuard& guard)
      : door_(door),
        view_(view),
        limits_(limits),
        places_(limits),
        answering_(door, [this](std::function<void()> turn) { asio::post(context_, std::move(turn)); }),
        signals_(context_),
        house_timer_(context_),
        sweep_timer_(context_) {
    guard.set_meanwhile([this](bool first) { work_while_stalled(first); });
  }

  void listen(int socket, const std::filesystem::path& path) { open_gate(socket, AF_UNIX, path.string()); }
  void listen_to_network(int socket, std::shared_ptr<const TlsContext> tls) {
    tls_ = std::move(tls);
    open_gate(socket, AF_INET, std::nullopt);
  }
  void set_tls(std::shared_ptr<const TlsContext> tls) { tls_ = std::move(tls); }

  void on_hangup(std::function<void()> reload) { reload_ = std::move(reload); }
  void set_limits(const ServerLimits& limits) {
    limits_ = limits;
    places_.set_limits(limits);
  }
  [[nodiscard]] Connections connections() const {
    return {sessions_.size(), places_.strangers(),  places_.network(),
            turned_away_,     network_turned_away_, handshakes_failed_};
  }

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
  struct Gate {
    asio::basic_socket_acceptor<Stream> acceptor;
    std::optional<std::string> path;  ///< of a Unix socket
  };

  void open_gate(int socket, int family, std::optional<std::string> path) {
    auto& gate = gates_.emplace_back(Gate{asio::basic_socket_acceptor<Stream>(context_), std::move(path)});
    gate.acceptor.assign(Stream(family, 0), socket);
    gate.acceptor.non_blocking(true);
    asio::co_spawn(context_, accept(gate), end_of_coroutine);
  }

  asio::awaitable<void> accept(Gate& gate) {
    while (gate.acceptor.is_open()) {
      auto [error, socket] = co_await gate.acceptor.async_accept(awaiting);
      if (error == asio::error::operation_aborted || stopping_) co_return;
      if (error) {
        // Out of descriptors or memory: waiting is all that helps, and spinning would take the time others need.
        asio::steady_timer pause(context_, std::chrono::milliseconds(50));
        co_await pause.async_wait(awaiting);
        continue;
      }
      welcome(std::move(socket), gate);
      // Whoever is in the queue already comes into the same tick: one at a time, each would wait for a commit of its
      // own.
      for (int more = 0; more < accepts_a_turn; ++more) {
        Stream::socket next(context_);
        if (gate.acceptor.accept(next, error)) break;
        welcome(std::move(next), gate);
      }
    }
  }

  void welcome(Stream::socket socket, const Gate& gate) {
    boost::system::error_code ignored;
    socket.non_blocking(true, ignored);  // so that an answer can be tried at once
    auto session = std::make_shared<Session>(std::move(socket));
    if (gate.path)
      session->known.socket = *gate.path;
    else if (!session->know_by_address())
      return;
    asio::co_spawn(context_, serve(std::move(session)), end_of_coroutine);
  }

  asio::awaitable<void> serve(SessionPtr session) {
    const bool remote = session->known.remote.has_value();
    auto admitted = remote ? admit_from_network(*session) : admit(*session);
    if (!admitted) {
      ++(remote ? network_turned_away_ : turned_away_);
      // Before it is known who asks, nothing of the network is written down or costs a transaction.
      if (!remote) co_await refuse_and_close(session, admitted.error());
      co_return;
    }
    sessions_.push_back(session);
    const auto place = std::prev(sessions_.end());
    places_.take(session->known, session->stranger);
    try {
      bool again = !session->tls || co_await shake_hands(session, std::chrono::seconds(limits_.request_s));
      if (!again) ++handshakes_failed_;
      // A certificate proves who sends before there is a body. Each request looks at it again, for the next one's
      // limit.
      if (again && session->tls) (void)session->caller(tls_);
      while (again && !stopping_) again = co_await serve_one(session);
      if (remote && !stopping_) co_await see_off(session);
    } catch (const std::exception& error) {
      // Costs this connection, which learns nothing, and no other.
      log_line(Level::error, "a connection ended by a mistake of our own", {{"what", error.what()}});
    }
    sessions_.erase(place);
    places_.give_back(session->known, session->stranger);
    if (stopping_ && sessions_.empty()) context_.stop();
  }

  Result<void> admit_from_network(Session& session) {
    if (!places_.has_room_for(session.known)) return refuse(full);
    if (tls_) session.tls.emplace(tls_);
    session.stranger = door_.is_stranger(session.known);
    return {};
  }

  Result<void> admit(Session& session) {
    // Before anything can be refused: a refusal must never be put down to another account.
    if (const auto credentials = view_.credentials(session.socket.native_handle())) {
      session.known.uid = credentials->uid;
      session.known.gid = credentials->gid;
      if (credentials->pid != 0) session.known.pid = credentials->pid;
    }
    if (!places_.has_room_for(session.known)) return refuse(full);
    auto peer = Peer::accept(view_, session.socket.native_handle(), session.known.socket);
    if (!peer) return refuse(peer.error());
    auto caller = peer->caller();
    if (!caller) return refuse(caller.error());
    session.stranger = door_.is_stranger(*caller);
    if (session.stranger && !places_.has_room_for_stranger()) return refuse(full);
    session.peer.emplace(std::move(*peer));
    return {};
  }

  asio::awaitable<void> refuse_and_close(SessionPtr session, Error error) {
    Job job{{}, session->known, std::move(error)};
    names_.name(job);
    co_await submit(job);
    (void)co_await send(session, bytes_of(job.response, false, job.id));
  }

  /// Reads and answers one request; false when the connection is over.
  asio::awaitable<bool> serve_one(SessionPtr session) {
    const auto body_bytes_max = door_.body_bytes_max(session->known, session->stranger);
    const RequestReader::Limits limits{limits_.header_bytes, body_bytes_max, session->sender(body_bytes_max)};
    RequestReader reader(limits, std::move(session->body_room));
    const ReadLimits times{std::chrono::seconds(limits_.idle_s), std::chrono::seconds(limits_.request_s)};
    auto fault = co_await read_request(session, reader, times);
    if (!reader.done() && !fault) co_return false;

    Job job;
    names_.name(job);
    job.caller = session->known;
    bool keep_alive = false;
    // From here on it is ours to be quick: what passes now is no reading that took too long.
    session->wait_in(Session::Phase::answering, std::chrono::seconds(limits_.request_s));
    if (auto caller = session->caller(tls_)) {
      job.caller = std::move(*caller);
      const std::function<void()> hash = [session, &job] { session->peer->add_sha256(job.caller); };
      if (door_.wants_sha256_of(job.caller)) co_await run_elsewhere(by_hashing_, hash);
      keep_alive = !fault && reader.keep_alive();
    } else {
      fault = caller.error();
    }
    job.fault = std::move(fault);
    if (!job.fault)
      job.request = reader.take();
    else
      job.request.target = reader.target();
    if (!job.fault) door_.screen(job);
    session->wait_in(Session::Phase::answering, std::chrono::seconds(limits_.request_s));
    if (!job.fault) co_await run_errands(job);
    co_await submit(job);
    const bool written = co_await send(session, bytes_of(job.response, keep_alive, job.id, !reader.is_head()));
    if (written && keep_alive) session->body_room = std::move(job.request.body);
    co_return written&& keep_alive;
  }

  using Work = std::function<void()>;
  /// Where work may be put, elsewhere; false when it will not be done there.
  using Elsewhere = std::function<bool(Work)>;

  /// What takes long is done where nobody else waits for it: hashing a large file for the first time, errands. False
  /// when it was not done at all.
  asio::awaitable<bool> run_elsewhere(const Elsewhere& elsewhere, const Work& work) {
    auto initiate = [this](auto handler, const Elsewhere* place, const Work* asked) {
      auto shared = std::make_shared<decltype(handler)>(std::move(handler));
      const auto resume = [this, shared](bool done) {
        asio::post(context_, [shared, done] { std::move (*shared)(done); });
      };
      const bool taken = (*place)([asked, resume] {
        run_safely(*asked);
        resume(true);
      });
      if (!taken) resume(false);
    };
    auto done = asio::async_initiate<const asio::use_awaitable_t<>, void(bool)>(initiate, asio::use_awaitable,
                                                                                &elsewhere, &work);
    co_return co_await std::move(done);
  }

  asio::awaitable<void> run_errands(Job& job) {
    auto errand = door_.errand(job);
    if (!errand) co_return;
    const auto whose = errand_account(job.caller);
    const Elsewhere among_errands = [this, whose](Work work) { return errands_.post(whose, std::move(work)); };
    for (int ran = 0; errand; errand = door_.errand(job)) {
      // One that throws is no further than before.
      if (++ran > errands_a_request_max) {
        job.fault = Error{Code::internal, "what this request needs of another program cannot be had; try again"};
        co_return;
      }
      const bool done = co_await run_elsewhere(among_errands, errand);
      if (done) continue;
      job.fault = Error{Code::overloaded, "too many requests wait for other programs; try again"};
      co_return;
    }
  }

  /// Puts a job into the tick and resumes when its response is durable.
  asio::awaitable<void> submit(Job& job) {
    auto initiate = [this](auto handler, Job* waiting) {
      auto shared = std::make_shared<decltype(handler)>(std::move(handler));
      answering_.add(*waiting, [shared] { std::move (*shared)(); });
    };
    auto answered = asio::async_initiate<const asio::use_awaitable_t<>, void()>(initiate, asio::use_awaitable, &job);
    co_await std::move(answered);
  }

  /// On the guard's thread: a slice of the loop's other work.
  void work_while_stalled(bool first) {
    if (first) answering_.disk_hangs();
    context_.run_for(stalled_slice);
    if (context_.stopped()) std::this_thread::sleep_for(stalled_slice);
  }

  void wait_for_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      if (signal != SIGHUP) return stop();
      if (answering_.stalled()) {
        log_line(Level::warning, "the configuration was not read again: the log's disk hangs; send SIGHUP again");
      } else {
        reload_();
        answering_.disk_is_back();
      }
      wait_for_signal();
    });
  }

  asio::awaitable<void> keep_house() {
    while (!stopping_) {
      house_timer_.expires_after(std::chrono::seconds(1));
      auto [error] = co_await house_timer_.async_wait(awaiting);
      if (error) co_return;
      if (answering_.stalled()) continue;
      door_.keep_house(false);
      answering_.disk_is_back();
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
        if (session->deadline <= now) session->expire();
    }
  }

  void stop() {
    stopping_ = true;
    boost::system::error_code ignored;
    for (auto& gate : gates_) gate.acceptor.close(ignored);
    house_timer_.cancel();
    sweep_timer_.cancel();
    for (const auto& session : sessions_)
      if (session->phase != Session::Phase::answering) session->socket.close(ignored);
    if (sessions_.empty()) context_.stop();
    // A client that does not read its answer must not hold the stop up.
    auto last_call = std::make_shared<asio::steady_timer>(context_, std::chrono::seconds(2));
    last_call->async_wait([this, last_call](const boost::system::error_code&) { context_.stop(); });
  }

  Door& door_;
  const ProcessView& view_;
  ServerLimits limits_;
  Places places_;
  asio::io_context context_{1};
  Answering answering_;  ///< goes before the context: who waits in it is resumed there
  std::list<Gate> gates_;
  asio::signal_set signals_;
  std::function<void()> reload_;
  asio::steady_timer house_timer_;
  asio::steady_timer sweep_timer_;
  std::list<SessionPtr> sessions_;
  std::uint64_t turned_away_ = 0, network_turned_away_ = 0, handshakes_failed_ = 0;
  std::shared_ptr<const TlsContext> tls_;  ///< in force
  RequestNames names_;
  bool stopping_ = false;
  asio::thread_pool hashing_{1};
  const Elsewhere by_hashing_ = [this](Work work) {
    asio::post(hashing_, std::move(work));
    return true;
  };
  ErrandPool errands_;
};

Server::Server(Door& door, const ProcessView& view, const ServerLimits& limits, StallGuard& guard)
    : loop_(std::make_unique<Loop>(door, view, limits, guard)) {}
Server::~Server() = default;
void Server::listen(int socket, const std::filesystem::path& path) { loop_->listen(socket, path); }
void Server::listen_to_network(int socket, std::shared_ptr<const TlsContext> tls) {
  loop_->listen_to_network(socket, std::move(tls));
}
void Server::set_tls(std::shared_ptr<const TlsContext> tls) { loop_->set_tls(std::move(tls)); }
void Server::on_hangup(std::function<void()> reload) { loop_->on_hangup(std::move(reload)); }
Server::Connections Server::connections() const { return loop_->connections(); }
void Server::set_limits(const ServerLimits& limits) { loop_->set_limits(limits); }
void Server::run(const std::function<void()>& ready) { loop_->run(ready); }

}  // namespace jeton
