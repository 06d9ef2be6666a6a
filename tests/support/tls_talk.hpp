// A server's end of TLS and a client's, talking in memory.
#pragma once

#include <algorithm>
#include <ctime>
#include <memory>
#include <optional>
#include <string>

#include "http/tls.hpp"
#include "support/catch.hpp"
#include "support/tls_client.hpp"

namespace jeton::outside {

inline constexpr int tls_1_0 = 0x0301, tls_1_1 = 0x0302, tls_1_2 = 0x0303, tls_1_3 = 0x0304;

inline Secret secret_of(const std::string& text) {
  Secret secret(std::max<std::size_t>(text.size(), 1));
  std::copy(text.begin(), text.end(), secret.writable().begin());
  return secret;
}

inline Result<std::shared_ptr<const TlsContext>> make(const std::string& certificate, const std::string& key,
                                                      std::optional<std::string> client_ca = std::nullopt) {
  return TlsContext::make({certificate, secret_of(key), std::move(client_ca)});
}

inline std::shared_ptr<const TlsContext> context_of(const Identity& identity,
                                                    std::optional<std::string> client_ca = std::nullopt) {
  auto made = make(identity.certificate, identity.key, std::move(client_ca));
  REQUIRE(made);
  return *made;
}

inline const Identity& server() {
  static const Identity made = self_signed();
  return made;
}

/// A server's engine and a client, and everything either says is brought to the other in pieces of some size.
struct Talk {
  explicit Talk(const TlsWish& wish = {}, std::shared_ptr<const TlsContext> context = context_of(server()))
      : in_force(std::move(context)), engine(in_force), client(wish) {}

  /// Until nobody has anything to say; false once the server has refused.
  bool run(std::size_t piece = 100'000) {
    for (;;) {
      const auto to_server = client.take_outgoing();
      for (std::size_t at = 0; at < to_server.size(); at += piece)
        if (!feed(std::string_view(to_server).substr(at, piece))) return false;
      const auto to_client = engine.take_outgoing();
      client_goes_on = client_goes_on && (to_client.empty() || client.feed(to_client));
      if (to_server.empty() && to_client.empty()) return true;
    }
  }
  bool feed(std::string_view wire) {
    const auto fed = engine.feed(wire, heard);
    if (fed) return true;
    refusal = fed.error().message;
    CHECK(fed.error().code == Code::bad_request);
    client_goes_on = client.feed(engine.take_outgoing());
    return false;
  }
  [[nodiscard]] std::optional<PeerCertificate> seen() { return engine.certificate(in_force, std::time(nullptr)); }

  std::shared_ptr<const TlsContext> in_force;
  TlsEngine engine;
  TlsPeer client;
  std::string heard;    ///< by the server
  std::string refusal;  ///< of the server
  bool client_goes_on = true;
};

inline std::optional<PeerCertificate> seen_of(const TlsWish& wish, const std::shared_ptr<const TlsContext>& context) {
  Talk talk(wish, context);
  REQUIRE(talk.run());
  REQUIRE(talk.engine.is_established());
  return talk.seen();
}

}  // namespace jeton::outside
