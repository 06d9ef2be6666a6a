// OpenSSL's client between two memory buffers, and a socket to carry them.
#include "support/tls_client.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include "jeton/base64url.hpp"
#include "jeton/hash.hpp"

namespace jeton::outside {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

Bio reader_of(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

void use(SSL_CTX* context, const Identity& identity) {
  const auto certificates = reader_of(identity.certificate);
  const auto key = reader_of(identity.key);
  bool first = true;
  while (auto* one = PEM_read_bio_X509(certificates.get(), nullptr, nullptr, nullptr)) {
    if (std::exchange(first, false)) {
      SSL_CTX_use_certificate(context, one);
      X509_free(one);
    } else {
      SSL_CTX_add0_chain_cert(context, one);
    }
  }
  auto* private_key = PEM_read_bio_PrivateKey(key.get(), nullptr, nullptr, nullptr);
  SSL_CTX_use_PrivateKey(context, private_key);
  EVP_PKEY_free(private_key);
}

void trust(SSL_CTX* context, const std::string& authority) {
  const auto in = reader_of(authority);
  auto* one = PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context), one);
  X509_free(one);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
}

}  // namespace

TlsPeer::TlsPeer(const TlsWish& wish) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  // Whatever is refused is to be the server's doing.
  SSL_CTX_set_security_level(context.get(), 0);
  if (wish.oldest != 0) SSL_CTX_set_min_proto_version(context.get(), wish.oldest);
  if (wish.newest != 0) SSL_CTX_set_max_proto_version(context.get(), wish.newest);
  if (!wish.ciphers.empty()) SSL_CTX_set_cipher_list(context.get(), wish.ciphers.c_str());
  if (wish.identity) use(context.get(), *wish.identity);
  if (wish.trusts) trust(context.get(), *wish.trusts);
  ssl_.reset(SSL_new(context.get()), SSL_free);
  SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  if (!wish.protocols.empty())
    SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(wish.protocols.data()),
                        static_cast<unsigned>(wish.protocols.size()));
  SSL_set_connect_state(ssl_.get());
  ERR_clear_error();
  SSL_do_handshake(ssl_.get());
}

void TlsPeer::flush() {
  if (waiting_.empty() || !is_established()) return;
  SSL_write(ssl_.get(), waiting_.data(), static_cast<int>(waiting_.size()));
  waiting_.clear();
}

bool TlsPeer::feed(std::string_view wire) {
  ERR_clear_error();
  BIO_write(SSL_get_rbio(ssl_.get()), wire.data(), static_cast<int>(wire.size()));
  std::array<char, 16384> chunk;
  int got = 0;
  while ((got = SSL_read(ssl_.get(), chunk.data(), chunk.size())) > 0)
    heard_.append(chunk.data(), static_cast<std::size_t>(got));
  ended_ = ended_ || SSL_get_error(ssl_.get(), got) != SSL_ERROR_WANT_READ;
  flush();
  return !ended_;
}

void TlsPeer::say(std::string_view plain) {
  waiting_ += plain;
  flush();
}

void TlsPeer::close() { SSL_shutdown(ssl_.get()); }

void TlsPeer::renegotiate() {
  SSL_renegotiate(ssl_.get());
  SSL_do_handshake(ssl_.get());
}

void TlsPeer::update_keys() {
  SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_REQUESTED);
  SSL_do_handshake(ssl_.get());
}

std::string TlsPeer::take_outgoing() {
  auto* out = SSL_get_wbio(ssl_.get());
  std::string bytes(BIO_ctrl_pending(out), '\0');
  if (!bytes.empty()) BIO_read(out, bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

bool TlsPeer::is_established() const { return SSL_is_init_finished(ssl_.get()) == 1; }
int TlsPeer::version() const { return SSL_version(ssl_.get()); }
bool TlsPeer::was_resumed() const { return SSL_session_reused(ssl_.get()) == 1; }
bool TlsPeer::has_ticket() const { return SSL_SESSION_has_ticket(SSL_get_session(ssl_.get())) == 1; }

std::string TlsPeer::protocol() const {
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &chosen, &size);
  return {reinterpret_cast<const char*>(chosen), size};
}

std::string TlsPeer::server_sha256() const {
  unsigned char* der = nullptr;
  const int size = i2d_X509(SSL_get0_peer_certificate(ssl_.get()), &der);
  const auto digest = sha256({der, static_cast<std::size_t>(std::max(size, 0))});
  OPENSSL_free(der);
  return base64url(digest);
}

TlsClient::TlsClient(int connected, const TlsWish& wish) : peer_(wish), raw_(connected) {}
TlsClient::~TlsClient() = default;

bool TlsClient::pump(std::chrono::steady_clock::time_point end) {
  raw_.send(peer_.take_outgoing());
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
  pollfd waiting{raw_.fd(), POLLIN, 0};
  if (left <= 0 || ::poll(&waiting, 1, static_cast<int>(left)) <= 0) throw std::runtime_error("no answer in time");
  std::array<char, 8192> chunk{};
  const auto count = ::recv(raw_.fd(), chunk.data(), chunk.size(), 0);
  if (count <= 0) return false;
  const bool goes_on = peer_.feed({chunk.data(), static_cast<std::size_t>(count)});
  pending_ += peer_.heard();
  raw_.send(peer_.take_outgoing());
  return goes_on;
}

bool TlsClient::shake_hands() {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!peer_.is_established())
    if (!pump(end)) return false;
  raw_.send(peer_.take_outgoing());
  return true;
}

void TlsClient::send(std::string_view plain) {
  peer_.say(plain);
  raw_.send(peer_.take_outgoing());
}

std::optional<RawAnswer> TlsClient::answer(std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  for (;;) {
    if (auto answer = first_answer(pending_)) return answer;
    if (!pump(end)) return first_answer(pending_);
  }
}

bool TlsClient::ends(std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (pump(end)) {
  }
  return pending_.empty();
}

}  // namespace jeton::outside
