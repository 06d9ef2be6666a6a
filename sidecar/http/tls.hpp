// TLS without a socket: bytes of the wire in and plain ones out, and the other way round. The one door of ssl.h.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "attest/caller.hpp"
#include "jeton/error.hpp"
#include "jeton/secret.hpp"

struct ssl_st;
struct ssl_ctx_st;
struct x509_store_st;

namespace jeton {

/// What the daemon shows and whom it believes, as PEM text.
struct TlsMaterial {
  std::string certificate;  ///< the daemon's own first, then what leads to a root
  Secret key;
  std::optional<std::string> client_ca = std::nullopt;  ///< whose clients' certificates are trusted
};

/// One set of keys and rules for connections: TLS 1.2 at least, 1.3 where the client can, no renegotiation, no session
/// that could be resumed. Any thread; connections keep the one they began with alive.
class TlsContext {
 public:
  /// bad_request names the member that is wrong, and what is.
  [[nodiscard]] static Result<std::shared_ptr<const TlsContext>> make(const TlsMaterial& material);

  /// When the first of the certificates it shows ends: NumericDate.
  [[nodiscard]] std::int64_t ends_at() const { return ends_at_; }
  /// Whether clients that asked for this host, a name or an IP address without brackets, believe it is shown to them.
  [[nodiscard]] bool is_for(const std::string& host) const;

 private:
  friend class TlsEngine;
  TlsContext() = default;
  std::shared_ptr<ssl_ctx_st> context_;
  std::shared_ptr<x509_store_st> client_ca_;
  std::int64_t ends_at_ = 0;
};

/// The server's end of one connection. One thread at a time.
class TlsEngine {
 public:
  /// What a peer may send before its handshake is over.
  static constexpr std::size_t handshake_bytes_max = 64 * 1024;

  explicit TlsEngine(std::shared_ptr<const TlsContext> context);
  ~TlsEngine();
  TlsEngine(TlsEngine&&) = delete;

  /// What came over the wire, as it was cut there; adds what it says to `plain`. Afterwards there may be something to
  /// send, also when it is refused. bad_request: the peer broke the rules, and the connection is of no use any more.
  [[nodiscard]] Result<void> feed(std::string_view wire, std::string& plain);
  /// After the handshake; the result is to be sent.
  void encrypt(std::string_view plain);
  /// Says that nothing more will be sent.
  void close();
  /// What is to be sent now.
  [[nodiscard]] std::string take_outgoing();

  /// Whether the handshake is over.
  [[nodiscard]] bool is_established() const;
  /// Whether part of a record has come and the rest has not.
  [[nodiscard]] bool is_in_the_middle() const;
  /// Whether the peer said that nothing more will come.
  [[nodiscard]] bool has_ended() const { return ended_; }

  /// The certificate the peer showed in its handshake, whose key it has. Whether it is trusted is judged by `in_force`
  /// and at `now` (NumericDate), so neither a connection that is old nor one that began under another client_ca is an
  /// exception.
  [[nodiscard]] std::optional<PeerCertificate> certificate(const std::shared_ptr<const TlsContext>& in_force,
                                                           std::int64_t now);

 private:
  [[nodiscard]] Result<void> fail();

  std::shared_ptr<const TlsContext> context_;
  std::unique_ptr<ssl_st, void (*)(ssl_st*)> ssl_;
  std::size_t handshake_bytes_ = 0;
  bool ended_ = false, failed_ = false, renegotiated_ = false;

  std::optional<PeerCertificate> peer_;
  std::shared_ptr<const TlsContext> judged_by_;
  std::int64_t trusted_until_ = 0;  ///< as judged by that
};

}  // namespace jeton
