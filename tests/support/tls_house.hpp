// A real jetond that speaks TLS on loopback, whose clients show certificates, and requests to send it.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/ledger.hpp"
#include "support/tls_client.hpp"

namespace jeton::outside {

/// One agent is known by the hash of its certificate, one by its authority and name; so are two tool servers. The
/// pinned server's certificate has ended: what is written down by its hash is believed until it is taken out.
class TlsHouse {
 public:
  static constexpr const char* crm = "https://crm.example/mcp";
  static constexpr const char* mail = "https://mail.example/mcp";

  explicit TlsHouse(const std::string& limits = "");

  /// A connection as this client; it has not shaken hands yet.
  [[nodiscard]] TlsClient connect(const std::optional<Identity>& client = std::nullopt,
                                  const std::string& from = "127.0.0.1") const;
  /// A request on a connection of its own.
  [[nodiscard]] RawAnswer ask(const std::optional<Identity>& client, const std::string& bytes) const;
  /// Whether somebody who comes now from this address is served.
  [[nodiscard]] bool serves(const std::string& from = "127.0.0.1") const;
  /// The token of an answer, which must be one.
  [[nodiscard]] std::string token_for(const Identity& client, const std::string& server) const;
  [[nodiscard]] std::string metric(const std::string& name) const;

  /// Puts files in the place of the listener's, whole; a SIGHUP and the event that says what became of it.
  void show(const Identity& identity) const;
  void believe(const Authority& authority) const;
  void reload(const std::string& expected_event) const;

  Authority authority;
  Identity listener, pinned_agent, named_agent, named_server, pinned_server;

 private:
  [[nodiscard]] std::string config(const std::string& limits) const;
  TempDir files_;

 public:
  Daemon daemon;
  Ledger ledger{daemon.state()};
};

using Fields = std::vector<std::pair<std::string, std::string>>;

[[nodiscard]] std::string get_document(const std::string& target);
[[nodiscard]] std::string post_form(const std::string& target, const Fields& fields);
/// For one refund at this server.
[[nodiscard]] std::string post_token(const std::string& server = TlsHouse::crm);
[[nodiscard]] std::string post_redeem(const std::string& token, const std::string& server);

}  // namespace jeton::outside
