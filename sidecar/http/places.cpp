// Counting, and nothing else.
#include "http/places.hpp"

#include "http/tcp_socket.hpp"

namespace jeton {

std::string errand_account(const Caller& caller) {
  return caller.remote ? one_remote(*caller.remote) : words_for(caller) + ' ' + caller.socket;
}

Places::Holder Places::holder_of(const Caller& caller) {
  return {caller.uid, caller.remote ? one_remote(*caller.remote) : ""};
}

bool Places::has_room_for(const Caller& caller) const {
  const auto held = held_.find(holder_of(caller));
  const auto most = caller.remote ? limits_.connections_per_address : limits_.connections_per_uid;
  if (caller.remote && network_ >= limits_.connections / 2) return false;
  return taken_ < limits_.connections && (held == held_.end() || held->second < most);
}

void Places::take(const Caller& caller, bool stranger) {
  ++taken_;
  ++held_[holder_of(caller)];
  if (caller.remote)
    ++network_;
  else if (stranger)
    ++strangers_;
}

void Places::give_back(const Caller& caller, bool stranger) {
  --taken_;
  const auto held = held_.find(holder_of(caller));
  if (--held->second == 0) held_.erase(held);
  if (caller.remote)
    --network_;
  else if (stranger)
    --strangers_;
}

}  // namespace jeton
