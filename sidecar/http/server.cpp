// The loop: coroutines that read and write, and a tick that answers. The one file with co_await.
#include "http/server.hpp"

#include <chrono>
#include <csignal>
#include <list>
#include <map>
#include <optional>
#include <thread>
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
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include "http/errand_pool.hpp"
#include "http/request_reader.hpp"
#include "http/session.hpp"
#include "http/tick.hpp"
#include "ops/log.hpp"

namespace jeton {
namespace {

namespace asio = boost::asio;
using Stream = Session::Stream;
using SteadyClock = Session::SteadyClock;

constexpr auto awaiting = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t read_ahead_bytes = 8 * 1024;
constexpr int accepts_a_turn = 8;  // a few: each holds a descriptor before it is known whether there is room
constexpr auto stalled_slice = std::chrono::milliseconds(10);

/// Nothing is expected to get here as an exception. What does (no memory, say) goes up to main: a loop that silently
/// ended would leave a daemon that looks alive and accepts, expires or keeps house no more.
void end_of_coroutine(std::exception_ptr thrown) {
  if (thrown) std::rethrow_exception(thrown);
}

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
      : door_(door), view_(view), limits_(limits), signals_(context_), house_timer_(context_), sweep_timer_(context_) {
    guard.set_meanwhile([this](bool first) { work_while_stalled(first); });
  }

  void listen(int socket, const std::filesystem::path& path) {
    acceptors_.emplace_back(context_);
    acceptors_.back().assign(Stream(), socket);
    acceptors_.back().non_blocking(true);
    asio::co_spawn(context_, accept(acceptors_.back(), path.string()), end_of_coroutine);
  }

  void on_hangup(std::function<void()> reload) { reload_ = std::move(reload); }
  void set_limits(const ServerLimits& limits) { limits_ = limits; }
  [[nodiscard]] Connections connections() const { return {sessions_.size(), strangers_, turned_away_}; }

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
      welcome(std::move(socket), path);
      // Whoever is in the queue already comes into the same tick: one at a time, each would wait for a commit of its
      // own.
      for (int more = 0; more < accepts_a_turn; ++more) {
        Stream::socket next(context_);
        if (acceptor.accept(next, error)) break;
        welcome(std::move(next), path);
      }
    }
  }

  void welcome(Stream::socket socket, const std::string& path) {
    boost::system::error_code ignored;
    socket.non_blocking(true, ignored);  // so that an answer can be tried at once
    auto session = std::make_shared<Session>(std::move(socket), path);
    asio::co_spawn(context_, serve(std::move(session)), end_of_coroutine);
  }

  asio::awaitable<void> serve(SessionPtr session) {
    auto admitted = admit(*session);
    if (!admitted) {
      ++turned_away_;
      co_await refuse_and_close(session, admitted.error());
      co_return;
    }
    sessions_.push_back(session);
    const auto place = std::prev(sessions_.end());
    ++per_uid_[session->known.uid];
    if (session->stranger) ++strangers_;
    try {
      bool again = true;
      while (again && !stopping_) again = co_await serve_one(session);
    } catch (const std::exception& error) {
      // Costs this connection, which learns nothing, and no other.
      log_line(Level::error, "a connection ended by a mistake of our own", {{"what", error.what()}});
    }
    sessions_.erase(place);
    if (--per_uid_[session->known.uid] == 0) per_uid_.erase(session->known.uid);
    if (session->stranger) --strangers_;
    if (stopping_ && sessions_.empty()) context_.stop();
  }

  Result<void> admit(Session& session) {
    // Before anything can be refused: a refusal must never be put down to another account.
    if (const auto credentials = view_.credentials(session.socket.native_handle())) {
      session.known.uid = credentials->uid;
      session.known.gid = credentials->gid;
      if (credentials->pid != 0) session.known.pid = credentials->pid;
    }
    // Before the peer is looked at: who is turned away costs one descriptor and not four.
    const Error full{Code::overloaded, "too many open connections; close idle ones and try again"};
    const auto held = per_uid_.find(session.known.uid);
    if (sessions_.size() >= limits_.connections ||
        (held != per_uid_.end() && held->second >= limits_.connections_per_uid))
      return refuse(full);
    auto peer = Peer::accept(view_, session.socket.native_handle(), session.known.socket);
    if (!peer) return refuse(peer.error());
    auto caller = peer->caller();
    if (!caller) return refuse(caller.error());
    session.stranger = door_.is_stranger(*caller);
    // Accounts cost nothing to whoever can make them: those without a part to play share a quarter of all places.
    if (session.stranger && strangers_ >= limits_.connections / 4) return refuse(full);
    session.peer.emplace(std::move(*peer));
    return {};
  }

  asio::awaitable<void> refuse_and_close(SessionPtr session, Error error) {
    Job job{{}, session->known, std::move(error)};
    names_.name(job);
    co_await submit(job);
    co_await write(session, job, false);
  }

  /// Reads and answers one request; false when the connection is over.
  asio::awaitable<bool> serve_one(SessionPtr session) {
    RequestReader reader({limits_.header_bytes, door_.body_bytes_max(session->stranger), session->stranger});
    auto fault = co_await read(session, reader);
    if (!reader.done() && !fault) co_return false;

    Job job;
    names_.name(job);
    job.caller = session->known;
    bool keep_alive = false;
    if (auto caller = session->peer->caller()) {
      job.caller = std::move(*caller);
      const std::function<void()> hash = [session, &job] { session->peer->add_sha256(job.caller); };
      if (door_.wants_sha256_of(job.caller)) co_await run_elsewhere(by_hashing_, hash);
      keep_alive = !fault && reader.keep_alive();
    } else {
      fault = caller.error();
    }
    job.fault = std::move(fault);
    if (!job.fault) job.request = reader.take();
    wait_in(*session, Session::Phase::answering, limits_.request_s);
    if (!job.fault) co_await run_errands(job);
    co_await submit(job);
    if (reader.done() && reader.is_head()) job.response.body.clear();
    const bool written = co_await write(session, job, keep_alive);
    co_return written&& keep_alive;
  }

  /// Feeds the reader until it is done; the fault to answer with, or none when it is or when the peer simply left.
  asio::awaitable<std::optional<Error>> read(SessionPtr session, RequestReader& reader) {
    auto& buffer = session->buffer;
    wait_in(*session, Session::Phase::idle, limits_.idle_s);
    for (;;) {
      if (!buffer.empty()) {
        if (session->phase == Session::Phase::idle) wait_in(*session, Session::Phase::reading, limits_.request_s);
        buffer.erase(0, reader.feed(buffer));
        if (reader.done() || reader.fault()) co_return reader.fault();
      }
      const auto before = buffer.size();
      buffer.resize(before + read_ahead_bytes);
      auto space = asio::buffer(buffer) + before;
      auto [error, count] = co_await session->socket.async_read_some(space, awaiting);
      buffer.resize(before + count);
      if (session->timed_out)
        co_return Error{Code::bad_request,
                        fmt::format("the request took longer than {} s to arrive", limits_.request_s)};
      // A peer that left, even in the middle, has nothing to be told.
      if (error) co_return std::nullopt;
    }
  }

  static void wait_in(Session& session, Session::Phase phase, std::int64_t seconds) {
    session.phase = phase;
    session.deadline = SteadyClock::now() + std::chrono::seconds(seconds);
  }

  asio::awaitable<bool> write(SessionPtr session, const Job& job, bool keep_alive) {
    auto bytes = bytes_of(job.response, keep_alive, job.id);
    // Nearly always the socket takes it all, and the loop is spared a turn.
    boost::system::error_code error;
    const auto sent = session->socket.send(asio::buffer(bytes), 0, error);
    if (error && error != asio::error::would_block) co_return false;
    if (!error && sent == bytes.size()) co_return true;
    auto rest = asio::buffer(bytes) + (error ? 0 : sent);
    auto [failure, count] = co_await asio::async_write(session->socket, rest, awaiting);
    co_return !failure;
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
    // Agents of one account are told apart by their sockets.
    const auto whose = words_for(job.caller) + ' ' + job.caller.socket;
    const Elsewhere among_errands = [this, whose](Work work) { return errands_.post(whose, std::move(work)); };
    for (; errand; errand = door_.errand(job)) {
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
      if (tick_.add({waiting, [shared] { std::move (*shared)(); }}))
        asio::post(context_, [this] { answer_when_gathered(); });
    };
    auto answered = asio::async_initiate<const asio::use_awaitable_t<>, void()>(initiate, asio::use_awaitable, &job);
    co_await std::move(answered);
  }

  void answer_when_gathered() {
    if (tick_.gathers(SteadyClock::now()) && !stalled_)
      asio::post(context_, [this] { answer_when_gathered(); });
    else
      answer_tick();
  }

  /// Everything that became ready since the last tick is answered in one transaction, but for what is beyond an
  /// account's share of it.
  void answer_tick() {
    if (tick_.empty()) return;
    const auto began = SteadyClock::now();
    auto taken = tick_.take();
    if (!tick_.empty()) asio::post(context_, [this] { answer_when_gathered(); });
    const auto jobs = jobs_of(taken);
    if (stalled_) {
      door_.answer_stalled(jobs);
      for (auto& waiting : taken) waiting.resume();
      return;
    }
    in_flight_ = std::move(taken);
    door_.answer(jobs);
    // Empty when the disk hung and all of them were answered meanwhile.
    for (auto& waiting : std::exchange(in_flight_, {})) waiting.resume();
    stalled_ = false;
    tick_.ended(jobs.size(), began, SteadyClock::now());
  }

  static std::vector<Job*> jobs_of(const std::vector<Tick::Waiting>& waiting) {
    std::vector<Job*> jobs;
    for (const auto& one : waiting) jobs.push_back(one.job);
    return jobs;
  }

  /// On the guard's thread, while this loop's own is held up by the disk: the tick that hangs is answered as far as it
  /// can be, and so is everybody who comes meanwhile.
  void work_while_stalled(bool first) {
    if (first) {
      stalled_ = true;
      log_line(Level::warning, "the log's disk hangs; nothing is granted until it answers");
      auto hanging = std::exchange(in_flight_, {});
      door_.answer_stalled(jobs_of(hanging));
      for (auto& waiting : hanging) waiting.resume();
      // Those beyond that tick: what the loop's thread posted for them stays in a queue of its own until it goes on.
      if (!tick_.empty()) asio::post(context_, [this] { answer_when_gathered(); });
    }
    context_.run_for(stalled_slice);
    if (context_.stopped()) std::this_thread::sleep_for(stalled_slice);
  }

  void wait_for_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      if (signal != SIGHUP) return stop();
      if (stalled_) {
        log_line(Level::warning, "the configuration was not read again: the log's disk hangs; send SIGHUP again");
      } else {
        reload_();
        stalled_ = false;
      }
      wait_for_signal();
    });
  }

  asio::awaitable<void> keep_house() {
    while (!stopping_) {
      house_timer_.expires_after(std::chrono::seconds(1));
      auto [error] = co_await house_timer_.async_wait(awaiting);
      if (error) co_return;
      if (stalled_) continue;
      door_.keep_house(false);
      stalled_ = false;
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
    if (sessions_.empty()) context_.stop();
    // A client that does not read its answer must not hold the stop up.
    auto last_call = std::make_shared<asio::steady_timer>(context_, std::chrono::seconds(2));
    last_call->async_wait([this, last_call](const boost::system::error_code&) { context_.stop(); });
  }

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
  std::size_t strangers_ = 0;
  std::uint64_t turned_away_ = 0;
  RequestNames names_;
  Tick tick_;
  std::vector<Tick::Waiting> in_flight_;  ///< those of the tick at hand
  bool stalled_ = false;                  ///< the guard's thread runs this loop
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
void Server::on_hangup(std::function<void()> reload) { loop_->on_hangup(std::move(reload)); }
Server::Connections Server::connections() const { return loop_->connections(); }
void Server::set_limits(const ServerLimits& limits) { loop_->set_limits(limits); }
void Server::run(const std::function<void()>& ready) { loop_->run(ready); }

}  // namespace jeton
