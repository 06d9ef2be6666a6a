// The client's end of TLS, by hand: in memory, or over a socket to a daemon.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "support/certificates.hpp"
#include "support/daemon.hpp"

struct ssl_st;

namespace jeton::outside {

/// How a client speaks. It takes any certificate of the server unless `trusts` says which authority it believes.
struct TlsWish {
  int oldest = 0, newest = 0;  ///< 0x0303 is TLS 1.2, 0x0304 TLS 1.3; 0: whatever there is
  std::optional<Identity> identity = std::nullopt;
  std::optional<std::string> trusts = std::nullopt;  ///< PEM
  std::string protocols = {};                        ///< ALPN, in its wire form
  std::string ciphers = {};                          ///< of TLS 1.2 and before
};

/// A client in memory: what it says is taken out and carried by the test.
class TlsPeer {
 public:
  explicit TlsPeer(const TlsWish& wish = {});

  /// What came from the server; false when the client will hear no more of it.
  bool feed(std::string_view wire);
  /// Encrypts; what is said before the handshake is over waits for it.
  void say(std::string_view plain);
  void close();
  /// Asks for a handshake anew (TLS 1.2).
  void renegotiate();
  /// TLS 1.3's new keys.
  void update_keys();
  [[nodiscard]] std::string take_outgoing();

  [[nodiscard]] bool is_established() const;
  [[nodiscard]] bool has_ended() const { return ended_; }
  /// Everything the server said so far, taken.
  [[nodiscard]] std::string heard() { return std::exchange(heard_, ""); }
  [[nodiscard]] int version() const;
  [[nodiscard]] std::string protocol() const;
  /// SHA-256 of the server's certificate, as in Identity.
  [[nodiscard]] std::string server_sha256() const;
  [[nodiscard]] bool was_resumed() const;
  [[nodiscard]] bool has_ticket() const;

 private:
  void flush();
  std::shared_ptr<ssl_st> ssl_;
  std::string waiting_, heard_;
  bool ended_ = false;
};

/// The same over a connected socket, which it takes over.
class TlsClient {
 public:
  explicit TlsClient(int connected, const TlsWish& wish = {});
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  /// False when there is no handshake.
  bool shake_hands();
  void send(std::string_view plain);
  /// Bytes of the wire, whatever they are.
  void send_raw(std::string_view wire) { raw_.send(wire); }
  /// The next answer; none when the connection ended first.
  [[nodiscard]] std::optional<RawAnswer> answer(std::chrono::milliseconds limit = std::chrono::seconds(10));
  /// Whether the server ends the connection within the limit.
  [[nodiscard]] bool ends(std::chrono::milliseconds limit = std::chrono::seconds(10));
  [[nodiscard]] TlsPeer& peer() { return peer_; }
  [[nodiscard]] int fd() const { return raw_.fd(); }

 private:
  bool pump(std::chrono::steady_clock::time_point end);
  TlsPeer peer_;
  RawClient raw_;
  std::string pending_;
};

}  // namespace jeton::outside
