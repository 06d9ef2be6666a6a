// The least of an HTTP server that a client of ours can speak to, so that its answers can be as wrong as they like.
#include "support/pdp.hpp"

#include <chrono>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace jeton::outside {
namespace {

/// The next request on a connection; false at its end.
bool read_request(int fd, std::string& pending, Pdp::Asked& asked) {
  const auto more = [&] {
    char bytes[4096];
    const auto got = ::recv(fd, bytes, sizeof bytes, 0);
    if (got > 0) pending.append(bytes, static_cast<std::size_t>(got));
    return got > 0;
  };
  std::size_t end = 0;
  while ((end = pending.find("\r\n\r\n")) == pending.npos)
    if (!more()) return false;
  asked.head = pending.substr(0, end);
  const auto field = asked.head.find("Content-Length: ");
  const auto size = field == asked.head.npos ? 0 : std::stoul(asked.head.substr(field + 16));
  while (pending.size() < end + 4 + size)
    if (!more()) return false;
  asked.body = Json::parse(pending.substr(end + 4, size), nullptr, false);
  pending.erase(0, end + 4 + size);
  return true;
}

}  // namespace

Pdp::Pdp(Answer answer) : answer_(std::move(answer)), listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  if (listening_ < 0 || ::bind(listening_, plain, size) != 0 || ::listen(listening_, 128) != 0 ||
      ::getsockname(listening_, plain, &size) != 0)
    throw std::runtime_error("no loopback socket for an engine");
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept(); });
}

Pdp::~Pdp() {
  let_go();
  shut();
  for (auto& thread : threads_) thread.join();
  for (const int fd : connections_) ::close(fd);
}

void Pdp::shut() {
  if (!acceptor_.joinable()) return;
  ::shutdown(listening_, SHUT_RDWR);
  acceptor_.join();
  ::close(listening_);
  const std::lock_guard lock(mutex_);
  for (const int fd : connections_) ::shutdown(fd, SHUT_RDWR);
}

std::string Pdp::url(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(port_) + path; }

std::vector<Pdp::Asked> Pdp::asked() const {
  const std::lock_guard lock(mutex_);
  return asked_;
}

void Pdp::hang() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return released_; });
}

void Pdp::let_go() {
  const std::lock_guard lock(mutex_);
  released_ = true;
  changed_.notify_all();
}

void Pdp::accept() {
  for (int fd = 0; (fd = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
    const std::lock_guard lock(mutex_);
    connections_.push_back(fd);
    threads_.emplace_back([this, fd] { serve(fd); });
  }
}

void Pdp::serve(int connection) {
  std::string pending;
  Asked asked;
  while (read_request(connection, pending, asked)) {
    {
      const std::lock_guard lock(mutex_);
      asked_.push_back(asked);
    }
    const auto bytes = answer_(*this, asked);
    if (bytes.empty() || !send(connection, bytes)) break;
  }
  ::shutdown(connection, SHUT_RDWR);
}

bool Pdp::send(int connection, const std::string& bytes) {
  for (std::size_t sent = 0; sent < bytes.size();) {
    if (trickles_) {
      std::unique_lock lock(mutex_);
      if (changed_.wait_for(lock, std::chrono::milliseconds(20), [this] { return released_; })) return false;
    }
    const auto more = ::send(connection, bytes.data() + sent, trickles_ ? 1 : bytes.size() - sent, MSG_NOSIGNAL);
    if (more <= 0) return false;
    sent += static_cast<std::size_t>(more);
  }
  return true;
}

std::string json_answer(const std::string& body, const std::string& status, const std::string& type) {
  return "HTTP/1.1 " + status + "\r\nContent-Type: " + type + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

}  // namespace jeton::outside
