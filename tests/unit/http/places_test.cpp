// Who may still connect, and whom that takes nothing from.
#include "http/places.hpp"

#include "support/catch.hpp"

namespace {

using jeton::Caller;
using jeton::Places;
using jeton::ServerLimits;

ServerLimits limits_of(std::size_t all) {
  ServerLimits limits;
  limits.connections = all;
  limits.connections_per_uid = 4;
  limits.connections_per_address = 3;
  return limits;
}

Caller account(uid_t uid) { return Caller{.uid = uid, .gid = uid, .socket = "/run/jeton/agent.sock"}; }
Caller remote(const std::string& address) {
  return Caller{.uid = jeton::no_uid, .socket = "10.0.0.7:8470", .remote = address};
}

/// Takes as many as there is room for.
int fill(Places& places, const Caller& caller, bool stranger = false) {
  int taken = 0;
  for (; places.has_room_for(caller) && taken < 1000; ++taken) places.take(caller, stranger);
  return taken;
}

}  // namespace

TEST_CASE("the network has half of all places and the accounts of this machine have theirs all the same") {
  Places places(limits_of(16));
  for (int i = 0; i < 100; ++i) fill(places, remote("10.1.0." + std::to_string(i)), true);
  CHECK(places.network() == 8);
  // Who comes over TCP is no stranger of those who share a quarter.
  CHECK(places.strangers() == 0);
  CHECK(places.has_room_for_stranger());
  CHECK(fill(places, account(1001)) == 4);
  CHECK(fill(places, account(1002)) == 4);
  CHECK_FALSE(places.has_room_for(account(1003)));
}

TEST_CASE("one address has its own share and a network of ipv6 is one address") {
  Places places(limits_of(100));
  CHECK(fill(places, remote("10.1.0.1")) == 3);
  CHECK(fill(places, remote("10.1.0.2")) == 3);
  CHECK(fill(places, remote("2001:db8:0:1::1")) == 3);
  CHECK(fill(places, remote("2001:db8:0:1:ffff::2")) == 0);
  CHECK(fill(places, remote("2001:db8:0:2::1")) == 3);
}

TEST_CASE("a place that is given back is there for the next") {
  Places places(limits_of(4));
  CHECK(fill(places, remote("10.1.0.1")) == 2);
  CHECK_FALSE(places.has_room_for(remote("10.1.0.2")));
  places.give_back(remote("10.1.0.1"), true);
  CHECK(places.network() == 1);
  CHECK(fill(places, remote("10.1.0.2")) == 1);
  CHECK(fill(places, account(1001), true) == 2);
  CHECK(places.strangers() == 2);
  places.give_back(account(1001), true);
  CHECK(places.strangers() == 1);
  CHECK(places.has_room_for(account(1002)));
}

TEST_CASE("whoever has a place keeps it when the limits become smaller") {
  Places places(limits_of(16));
  for (int i = 0; i < 8; ++i) fill(places, remote("10.1.0." + std::to_string(i)));
  places.set_limits(limits_of(4));
  CHECK(places.network() == 8);
  CHECK_FALSE(places.has_room_for(remote("10.2.0.1")));
  CHECK_FALSE(places.has_room_for(account(1001)));
  places.set_limits(limits_of(100));
  CHECK(places.has_room_for(remote("10.2.0.1")));
}

TEST_CASE("hosts of one IPv6 network are one account among errands and those of another network another") {
  using jeton::errand_account;
  CHECK(errand_account(remote("2001:db8:1:2::1")) == errand_account(remote("2001:db8:1:2:ffff::9")));
  CHECK(errand_account(remote("2001:db8:1:2::1")) != errand_account(remote("2001:db8:1:3::1")));
  CHECK(errand_account(remote("192.0.2.1")) != errand_account(remote("192.0.2.2")));
  // Of this machine an account is one on each of its sockets, and never a host.
  CHECK(errand_account(account(1001)) != errand_account(account(1002)));
  auto by_own_socket = account(1001);
  by_own_socket.socket = "/run/jeton/billing.sock";
  CHECK(errand_account(by_own_socket) != errand_account(account(1001)));
}
