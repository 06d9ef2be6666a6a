// OpenSSL between two memory buffers.
#include "http/tls.hpp"

#include <algorithm>
#include <array>
#include <new>
#include <stdexcept>

#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "http/tls_certificate.hpp"

namespace jeton {
namespace {

constexpr long certificates_bytes_max = 32 * 1024;
constexpr std::size_t record_bytes = 16 * 1024;

template <auto free_it>
struct Free {
  template <class T>
  void operator()(T* object) const {
    free_it(object);
  }
};
using Bio = std::unique_ptr<BIO, Free<BIO_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;

std::string reason() {
  const auto error = ERR_peek_last_error();
  const char* text = error == 0 ? nullptr : ERR_reason_error_string(error);
  ERR_clear_error();
  return text == nullptr ? "no reason given" : text;
}

tl::unexpected<Error> wrong(std::string_view member, std::string_view what) {
  ERR_clear_error();
  return refuse(Code::bad_request, fmt::format("{}: {}", member, what));
}

Bio reader_of(const void* bytes, std::size_t size) { return Bio(BIO_new_mem_buf(bytes, static_cast<int>(size))); }

/// Every certificate of a PEM text; none of it where something in it is none.
std::vector<Certificate> certificates_in(const std::string& pem) {
  std::vector<Certificate> found;
  const auto in = reader_of(pem.data(), pem.size());
  while (auto* one = PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)) found.emplace_back(one);
  const bool at_the_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!at_the_end) found.clear();
  return found;
}

/// Nobody sits at a daemon to be asked.
int no_passphrase(char*, int, int, void*) { return -1; }

Key key_in(const Secret& pem) {
  (void)secure_heap_locked();  // private numbers go there as far as OpenSSL takes them there
  const auto bytes = pem.expose_for_signing();
  const auto in = reader_of(bytes.data(), bytes.size());
  return Key(PEM_read_bio_PrivateKey(in.get(), nullptr, no_passphrase, nullptr));
}

/// RFC 7301: who asks for something else than HTTP/1.1 is told at once.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                    unsigned int offered_size, void*) {
  static constexpr std::string_view ours("\x08http/1.1");
  auto* out = const_cast<unsigned char**>(chosen);
  const int found = SSL_select_next_proto(out, size, reinterpret_cast<const unsigned char*>(ours.data()),
                                          static_cast<unsigned int>(ours.size()), offered, offered_size);
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/// A certificate ends no handshake: that its key is there TLS proves, and what it is worth is judged at each request.
int any_certificate(X509_STORE_CTX*, void*) { return 1; }

void set_rules(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_security_level(context, 2);
  // What is kept of a session is a key to what was said in it.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_options(
      context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_cipher_list(context,
                          "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
                          "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305");
  SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384");
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  // No list of authorities goes out: with one, clients keep back certificates of their own making, which may be pinned.
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context, any_certificate, nullptr);
  SSL_CTX_set_max_cert_list(context, certificates_bytes_max);
}

/// OpenSSL warns a client that begins anew and goes on; here that is the end.
void watch_renegotiation(const SSL* ssl, int where, int value) {
  if (where == SSL_CB_WRITE_ALERT && (value & 0xFF) == SSL_AD_NO_RENEGOTIATION)
    *static_cast<bool*>(SSL_get_app_data(ssl)) = true;
}

}  // namespace

Result<std::shared_ptr<const TlsContext>> TlsContext::make(const TlsMaterial& material) {
  const std::shared_ptr<TlsContext> made(new TlsContext());
  made->context_.reset(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (!made->context_) throw std::bad_alloc();
  auto* context = made->context_.get();
  set_rules(context);

  const auto shown = certificates_in(material.certificate);
  if (shown.empty()) return wrong("certificate", "holds no chain of PEM certificates");
  if (SSL_CTX_use_certificate(context, shown.front().get()) != 1) return wrong("certificate", reason());
  made->ends_at_ = end_of(shown.front().get());
  for (std::size_t i = 1; i < shown.size(); ++i) {
    SSL_CTX_add1_chain_cert(context, shown[i].get());
    made->ends_at_ = std::min(made->ends_at_, end_of(shown[i].get()));
  }
  const auto key = key_in(material.key);
  if (!key) return wrong("key", "holds no PEM private key, or one with a passphrase; write it without");
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1)
    return wrong("key", "is not that of the first certificate");

  if (material.client_ca) {
    made->client_ca_.reset(X509_STORE_new(), X509_STORE_free);
    const auto trusted = certificates_in(*material.client_ca);
    if (trusted.empty()) return wrong("client_ca", "holds no PEM certificates");
    for (const auto& one : trusted) X509_STORE_add_cert(made->client_ca_.get(), one.get());
  }
  ERR_clear_error();
  return made;
}

bool TlsContext::is_for(const std::string& host) const {
  const bool is = is_for_host(SSL_CTX_get0_certificate(context_.get()), host);
  ERR_clear_error();
  return is;
}

TlsEngine::TlsEngine(std::shared_ptr<const TlsContext> context)
    : context_(std::move(context)), ssl_(SSL_new(context_->context_.get()), SSL_free) {
  auto* in = BIO_new(BIO_s_mem());
  auto* out = BIO_new(BIO_s_mem());
  if (!ssl_ || in == nullptr || out == nullptr) throw std::bad_alloc();
  SSL_set_bio(ssl_.get(), in, out);
  SSL_set_app_data(ssl_.get(), &renegotiated_);
  SSL_set_info_callback(ssl_.get(), watch_renegotiation);
  SSL_set_accept_state(ssl_.get());
}

TlsEngine::~TlsEngine() = default;

Result<void> TlsEngine::fail() {
  failed_ = true;
  return refuse(Code::bad_request, "TLS: " + reason());
}

Result<void> TlsEngine::feed(std::string_view wire, std::string& plain) {
  ERR_clear_error();
  if (failed_) return fail();
  BIO_write(SSL_get_rbio(ssl_.get()), wire.data(), static_cast<int>(wire.size()));
  if (!is_established()) {
    handshake_bytes_ += wire.size();
    const int done = SSL_do_handshake(ssl_.get());
    const bool goes_on = done == 1 || SSL_get_error(ssl_.get(), done) == SSL_ERROR_WANT_READ;
    if (!goes_on || (done != 1 && handshake_bytes_ > handshake_bytes_max)) return fail();
    if (done != 1) return {};
  }
  std::array<char, record_bytes> chunk;
  std::size_t count = 0;
  int got = 0;
  while ((got = SSL_read_ex(ssl_.get(), chunk.data(), chunk.size(), &count)) == 1) plain.append(chunk.data(), count);
  const int why = SSL_get_error(ssl_.get(), got);
  ended_ = ended_ || why == SSL_ERROR_ZERO_RETURN;
  if (renegotiated_ || (why != SSL_ERROR_WANT_READ && !ended_)) return fail();
  return {};
}

void TlsEngine::encrypt(std::string_view plain) {
  ERR_clear_error();
  std::size_t written = 0;
  // A buffer in memory takes everything.
  if (!plain.empty() && SSL_write_ex(ssl_.get(), plain.data(), plain.size(), &written) != 1) failed_ = true;
}

void TlsEngine::close() {
  ERR_clear_error();
  if (!failed_ && is_established()) SSL_shutdown(ssl_.get());
}

std::string TlsEngine::take_outgoing() {
  auto* out = SSL_get_wbio(ssl_.get());
  std::string bytes(BIO_ctrl_pending(out), '\0');
  if (!bytes.empty()) BIO_read(out, bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

bool TlsEngine::is_established() const { return SSL_is_init_finished(ssl_.get()) == 1; }

bool TlsEngine::is_in_the_middle() const {
  return SSL_has_pending(ssl_.get()) == 1 || BIO_ctrl_pending(SSL_get_rbio(ssl_.get())) > 0;
}

std::optional<PeerCertificate> TlsEngine::certificate(const std::shared_ptr<const TlsContext>& in_force,
                                                      std::int64_t now) {
  auto* shown = is_established() ? SSL_get0_peer_certificate(ssl_.get()) : nullptr;
  if (shown == nullptr) return std::nullopt;
  if (!peer_) peer_ = PeerCertificate{thumbprint_of(shown), names_in(shown)};
  if (judged_by_ != in_force) {
    judged_by_ = in_force;
    auto* trusted = in_force ? in_force->client_ca_.get() : nullptr;
    trusted_until_ = trusted ? trusted_until(trusted, shown, SSL_get_peer_cert_chain(ssl_.get()), now) : 0;
  }
  peer_->trusted = now <= trusted_until_;
  return peer_;
}

}  // namespace jeton
