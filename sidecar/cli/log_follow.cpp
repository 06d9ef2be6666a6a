// `jeton log follow`: events on stdout as they become durable, until a signal or a closed stdout ends it.
#include <cerrno>
#include <csignal>

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/log_access.hpp"
#include "cli/table.hpp"
#include "cli/time_words.hpp"
#include "cli/timeline.hpp"
#include "jeton/clock.hpp"
#include "log/archived.hpp"
#include "readers/export.hpp"
#include "readers/find.hpp"
#include "readers/follow.hpp"

namespace jeton::cli {
namespace {

/// Five looks a second: soon enough for a person, next to nothing for the machine.
constexpr timespec between_looks{0, 200'000'000};

volatile std::sig_atomic_t asked_to_end = 0;

/// SIGINT and SIGTERM are let in only while it waits or writes, and end both.
class Watch final : public LogWatch {
 public:
  explicit Watch(std::filesystem::path file) : file_(std::move(file)) {
    known_ = ::stat(file_.c_str(), &found_) == 0;
    std::signal(SIGPIPE, SIG_IGN);  // a closed stdout is told by write
    sigset_t ending;
    sigemptyset(&ending);
    struct sigaction end {};
    end.sa_handler = [](int) { asked_to_end = 1; };
    for (const int signal : {SIGINT, SIGTERM}) {
      sigaddset(&ending, signal);
      ::sigaction(signal, &end, nullptr);
    }
    ::sigprocmask(SIG_BLOCK, &ending, &let_in_);
    for (const int signal : {SIGINT, SIGTERM}) sigdelset(&let_in_, signal);
  }

  bool wait() override { return asked_to_end == 0 && can_go_on(0, &between_looks) != Stdout::gone; }

  bool in_place() override {
    struct stat now {};
    // A file that was not there at first is not there to be opened either; the command has ended by then.
    return !known_ || (::stat(file_.c_str(), &now) == 0 && now.st_dev == found_.st_dev && now.st_ino == found_.st_ino);
  }

  /// False when nobody reads it any more, or a signal came.
  bool write(std::string_view text) {
    while (!text.empty()) {
      // A reader that stops reading must not make it deaf for signals.
      switch (can_go_on(POLLOUT, nullptr)) {
        case Stdout::gone: return false;
        case Stdout::quiet: continue;
        case Stdout::ready: break;
      }
      const auto done = ::write(STDOUT_FILENO, text.data(), std::min(text.size(), atomic_bytes));
      if (done < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (done < 0) return false;
      text.remove_prefix(static_cast<std::size_t>(done));
    }
    return true;
  }

 private:
  enum class Stdout { ready, quiet, gone };

  /// A pipe that is ready takes so much without waiting.
  static constexpr std::size_t atomic_bytes = 4096;

  [[nodiscard]] Stdout can_go_on(short what, const timespec* limit) const {
    pollfd out{STDOUT_FILENO, what, 0};
    const int ready = ::ppoll(&out, 1, limit, &let_in_);
    if (asked_to_end != 0 || (ready < 0 && errno != EINTR)) return Stdout::gone;
    if (ready <= 0) return Stdout::quiet;
    return (out.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0 ? Stdout::gone : Stdout::ready;
  }

  std::filesystem::path file_;
  struct stat found_ {};
  bool known_ = false;
  sigset_t let_in_{};
};

/// As `log export` writes it; on a terminal in ASCII, whatever somebody wrote into the log.
void append_json(std::string& text, const Event& event, bool terminal) {
  std::string line;
  append_export_line(line, event, ExportFormat::jsonl);
  if (!terminal) {
    text += line;
    return;
  }
  auto document = leaf_json(event);
  document["log_index"] = event.log_index;
  text += document.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

Result<FollowRange> range_of(const FollowOptions& options) {
  FollowRange range;
  range.from = options.from;
  if (options.since) {
    range.since_us = time_from(*options.since, SystemClock().wall_us());
    if (!range.since_us)
      return refuse(Code::bad_request, fmt::format("{} is no time; it takes {}", *options.since, time_help));
  }
  if (options.agent)
    range.wanted = [agent = *options.agent](const Event& event) {
      return event.agent && is_agent(agent, *event.agent);
    };
  return range;
}

}  // namespace

int log_follow(const Common& common, const FollowOptions& options) {
  const auto range = range_of(options);
  if (!range) return usage(range.error().message);
  // Lines are all that stdout gets, with --json too: what ends the command is told on stderr.
  auto told_on_stderr = common;
  told_on_stderr.json = false;
  Watch watch(state_of(common) / "jeton.db");
  return with_log(told_on_stderr, [&](const LogReader& log) {
    const bool terminal = ::isatty(STDOUT_FILENO) == 1;
    const auto put = [&](const std::vector<Event>& events) {
      std::string text;
      for (const auto& event : events) common.json ? append_json(text, event, terminal) : void(text += line_of(event));
      return watch.write(text);
    };
    const auto skipped = [](std::uint64_t first, const LogReader::Archive& archive) {
      fmt::print(stderr, "jeton: not shown: {}\n",
                 archived_words(archive, fmt::format("export --format jsonl --from {}", first), first));
    };
    const auto done = follow_log(log, *range, watch, put, skipped);
    return done ? 0 : tell(told_on_stderr, done.error());
  });
}

}  // namespace jeton::cli
