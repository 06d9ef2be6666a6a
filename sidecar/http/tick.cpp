// Shares by account or address, counted in bytes of body, because parsing is what a large request costs the others.
#include "http/tick.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "http/tcp_socket.hpp"

namespace jeton {

bool Tick::add(Waiting waiting) {
  waiting_.push_back(std::move(waiting));
  return waiting_.size() == 1;
}

bool Tick::gathers(Clock::time_point now) const { return waiting_.size() < last_jobs_ && now < gather_until_; }

std::vector<Tick::Waiting> Tick::take() {
  if (waiting_.size() <= 1) return std::exchange(waiting_, {});
  std::vector<Waiting> taken, rest;
  std::map<std::pair<uid_t, std::string>, std::size_t> bytes;
  for (auto& waiting : waiting_) {
    const auto& caller = waiting.job->caller;
    auto& used = bytes[{caller.uid, caller.remote ? one_remote(*caller.remote) : ""}];
    const auto size = waiting.job->request.body.size();
    // One byte at least is counted, so that an empty body is somebody's first as well. Once an account had to wait, so
    // do its later requests: their order is kept.
    const bool fits = used == 0 || used + size <= share_bytes;
    used = fits ? used + std::max<std::size_t>(size, 1) : share_bytes + 1;
    (fits ? taken : rest).push_back(std::move(waiting));
  }
  waiting_ = std::move(rest);
  return taken;
}

void Tick::ended(std::size_t jobs, Clock::time_point began, Clock::time_point now) {
  last_jobs_ = jobs;
  gather_until_ = now + std::min<Clock::duration>((now - began) / 4, gather_max);
}

}  // namespace jeton
