// Connections over TCP to a daemon that says in its ready line where it listens.
#pragma once

#include <cstdint>
#include <string>

#include "support/daemon.hpp"

namespace jeton::outside {

/// "127.0.0.1:40123", as the ready line says it; "none" without.
[[nodiscard]] std::string listen_of(const Daemon& daemon);
[[nodiscard]] std::uint16_t port_of(const Daemon& daemon);

/// A connection to that port from an address of 127.0.0.0/8. Throws when nobody listens.
[[nodiscard]] int connect_tcp(std::uint16_t port, const std::string& from = "127.0.0.1");
[[nodiscard]] RawClient over_tcp(const Daemon& daemon, const std::string& from = "127.0.0.1");

/// A GET with a Host field, and what else should stand in its head ("Name: value\r\n").
[[nodiscard]] std::string get_from(const std::string& host, const std::string& target, const std::string& more = "");

}  // namespace jeton::outside
