// A thread a place, holding the newest note only.
#include "log/publisher.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <fmt/core.h>
#include <syslog.h>
#include <unistd.h>

#include "store/whole_file.hpp"

namespace jeton {
namespace {

constexpr std::size_t checkpoint_bytes_max = 64 * 1024;

tl::unexpected<Error> failed(const std::filesystem::path& file, int error) {
  return refuse(Code::log_unavailable,
                fmt::format("{}: {}", file.string(), std::error_code(error, std::generic_category()).message()));
}

}  // namespace

struct Publisher::Shared {
  Put put;
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<std::string> pending;
  bool busy = false;
  bool ending = false;
  std::string trouble;

  void work() {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return pending || ending; });
      if (!pending) return;
      const auto note = *std::exchange(pending, std::nullopt);
      busy = true;
      lock.unlock();
      const auto done = put(note);
      lock.lock();
      busy = false;
      trouble = done ? "" : done.error().message;
      changed.notify_all();
    }
  }
  bool wait_until_idle(std::unique_lock<std::mutex>& lock, int seconds) {
    return changed.wait_for(lock, std::chrono::seconds(seconds), [this] { return !pending && !busy; });
  }
};

Publisher::Publisher(std::string place, Put put) : place_(std::move(place)), shared_(std::make_shared<Shared>()) {
  shared_->put = std::move(put);
  // Signals are the loop's; a thread that takes one would interrupt its own write.
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread([shared = shared_] { shared->work(); }).detach();
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Publisher::~Publisher() {
  std::unique_lock lock(shared_->mutex);
  shared_->ending = true;
  shared_->changed.notify_all();
  // A place that hangs is left to the end of the process.
  (void)shared_->wait_until_idle(lock, 2);
}

void Publisher::publish(const std::string& note) {
  const std::lock_guard lock(shared_->mutex);
  shared_->pending = note;
  shared_->changed.notify_all();
}

bool Publisher::flush(int seconds) {
  std::unique_lock lock(shared_->mutex);
  return shared_->wait_until_idle(lock, seconds) && shared_->trouble.empty();
}

std::string Publisher::trouble() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->trouble;
}

Publisher::Put put_in_file(std::filesystem::path file) {
  return [file = std::move(file)](const std::string& note) { return replace_file(file, note); };
}

Publisher::Put put_in_syslog() {
  return [](const std::string& note) -> Result<void> {
    std::string line;
    for (std::size_t at = 0, end; (end = note.find('\n', at)) != note.npos; at = end + 1)
      if (end > at) line += (line.empty() ? "" : " ") + note.substr(at, end - at);
    ::syslog(LOG_AUTHPRIV | LOG_NOTICE, "checkpoint %s", line.c_str());
    return {};
  };
}

Result<std::optional<std::string>> read_checkpoint_file(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return std::nullopt;
  if (fd < 0) return failed(file, errno);
  std::string text(checkpoint_bytes_max + 1, '\0');
  std::size_t size = 0;
  for (ssize_t n = 0; size < text.size(); size += static_cast<std::size_t>(n)) {
    n = ::read(fd, text.data() + size, text.size() - size);
    if (n < 0 && errno == EINTR) {
      n = 0;
      continue;
    }
    if (n < 0) {
      const int error = errno;
      ::close(fd);
      return failed(file, error);
    }
    if (n == 0) break;
  }
  ::close(fd);
  if (size > checkpoint_bytes_max)
    return refuse(Code::log_unavailable, file.string() + " is too long for a checkpoint");
  text.resize(size);
  return text;
}

}  // namespace jeton
