// Blocking sockets, a thread a connection, OpenSSL where it is TLS.
#include "support/loopback_server.hpp"

#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace jeton::testing {
namespace {

template <class Write>
std::string pem(Write write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
  write(out.get());
  char* bytes = nullptr;
  const auto size = BIO_get_mem_data(out.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

std::shared_ptr<SSL_CTX> context_of(const Certificate& certificate) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  const auto bio_of = [](const std::string& text) {
    return std::unique_ptr<BIO, decltype(&BIO_free)>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())),
                                                     BIO_free);
  };
  const std::unique_ptr<X509, decltype(&X509_free)> shown(
      PEM_read_bio_X509(bio_of(certificate.certificate).get(), nullptr, nullptr, nullptr), X509_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(bio_of(certificate.key).get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  if (SSL_CTX_use_certificate(context.get(), shown.get()) != 1 || SSL_CTX_use_PrivateKey(context.get(), key.get()) != 1)
    throw std::runtime_error("no TLS context");
  return context;
}

/// The body's length as the head says it.
std::size_t length_in(const std::string& head) {
  const auto at = head.find("Content-Length: ");
  return at == head.npos ? 0 : std::strtoul(head.c_str() + at + 16, nullptr, 10);
}

}  // namespace

Certificate make_certificate(const std::string& names) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> made(X509_new(), X509_free);
  auto* x509 = made.get();
  X509_set_version(x509, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
  X509_gmtime_adj(X509_getm_notBefore(x509), -60);
  X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
  X509_set_pubkey(x509, key.get());
  auto* name = X509_get_subject_name(x509);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("a test"), -1, -1, 0);
  X509_set_issuer_name(x509, name);
  for (const auto& [kind, value] :
       {std::pair(NID_subject_alt_name, names), std::pair(NID_basic_constraints, std::string("critical,CA:TRUE"))}) {
    const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
        X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str()), X509_EXTENSION_free);
    X509_add_ext(x509, extension.get(), -1);
  }
  X509_sign(x509, key.get(), EVP_sha256());
  return {pem([&](BIO* out) { PEM_write_bio_X509(out, x509); }),
          pem([&](BIO* out) { PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr); })};
}

class LoopbackServer::Connection final : public Peer {
 public:
  Connection(int fd, SSL_CTX* context, const std::atomic<bool>& stopping) : fd_(fd), stopping_(stopping) {
    if (context == nullptr) return;
    tls_.reset(SSL_new(context));
    SSL_set_fd(tls_.get(), fd_);
    good_ = SSL_accept(tls_.get()) == 1;
  }
  ~Connection() override {
    if (tls_ && good_) SSL_shutdown(tls_.get());
    ::close(fd_);
  }

  /// False when the other side left first.
  bool read() {
    request_.clear();
    std::size_t whole = std::string::npos;
    while (good_ && (whole == std::string::npos || request_.size() < whole)) {
      if (const auto end = request_.find("\r\n\r\n"); end != request_.npos && whole == std::string::npos) {
        whole = end + 4 + length_in(request_.substr(0, end));
        continue;
      }
      char bytes[4096];
      const auto got = wait_readable() ? receive(bytes, sizeof bytes) : 0;
      if (got <= 0) return false;
      request_.append(bytes, static_cast<std::size_t>(got));
    }
    return good_;
  }

  [[nodiscard]] const std::string& request() const override { return request_; }
  bool send(std::string_view bytes) override {
    while (good_ && !bytes.empty() && !stopping_) {
      const auto sent = tls_ ? SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size()))
                             : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) good_ = false;
      if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return good_ && !stopping_;
  }
  void wait_for_end() override {
    char byte = 0;
    while (wait_readable() && receive(&byte, 1) > 0) {
    }
    good_ = false;
  }

 private:
  bool wait_readable() {
    if (tls_ && SSL_pending(tls_.get()) > 0) return true;
    pollfd waiting{fd_, POLLIN, 0};
    while (!stopping_)
      if (::poll(&waiting, 1, 10) > 0) return true;
    return false;
  }
  long receive(char* to, std::size_t size) {
    return tls_ ? SSL_read(tls_.get(), to, static_cast<int>(size)) : ::recv(fd_, to, size, 0);
  }

  struct Free {
    void operator()(SSL* tls) const { SSL_free(tls); }
  };
  int fd_;
  const std::atomic<bool>& stopping_;
  std::unique_ptr<SSL, Free> tls_;
  bool good_ = true;
  std::string request_;
};

LoopbackServer::LoopbackServer(Answer answer, const Certificate* certificate) : answer_(std::move(answer)) {
  if (certificate != nullptr) tls_ = context_of(*certificate);
  std::signal(SIGPIPE, SIG_IGN);  // a client that left is what some tests are about
  listening_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listening_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listening_, 16) != 0 ||
      ::getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("no port on 127.0.0.1");
  port_ = ntohs(address.sin_port);
}

LoopbackServer::~LoopbackServer() {
  stopping_ = true;
  if (accepting_.joinable()) accepting_.join();
  for (auto& thread : serving_) thread.join();
  ::close(listening_);
}

void LoopbackServer::start() {
  accepting_ = std::thread([this] { accept(); });
}

void LoopbackServer::accept() {
  pollfd waiting{listening_, POLLIN, 0};
  while (!stopping_) {
    if (::poll(&waiting, 1, 10) <= 0) continue;
    const int fd = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    ++connections_;
    serving_.emplace_back([this, fd] { serve(fd); });
  }
}

void LoopbackServer::serve(int fd) {
  Connection connection(fd, static_cast<SSL_CTX*>(tls_.get()), stopping_);
  while (connection.read()) {
    ++requests_;
    answer_(connection);
  }
}

std::string LoopbackServer::url(const std::string& path) const {
  return fmt::format("{}://127.0.0.1:{}{}", tls_ ? "https" : "http", port_, path);
}

std::string http_answer(std::string_view body, std::string_view content_type, std::string_view status,
                        std::string_view more_headers) {
  return fmt::format("HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n{}\r\n{}", status, content_type,
                     body.size(), more_headers, body);
}

}  // namespace jeton::testing
