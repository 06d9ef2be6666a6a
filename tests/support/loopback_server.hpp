// A web server on 127.0.0.1 that answers as a test wants it to, in HTTP or TLS, well or badly.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace jeton::testing {

/// A self-signed certificate for these names ("DNS:localhost", "IP:127.0.0.1") and its key, as PEM.
struct Certificate {
  std::string certificate;
  std::string key;
};
[[nodiscard]] Certificate make_certificate(const std::string& names);

class LoopbackServer {
 public:
  /// One connection: what was asked, and where the answer goes.
  class Peer {
   public:
    virtual ~Peer() = default;
    /// Head and body of the request.
    [[nodiscard]] virtual const std::string& request() const = 0;
    /// False once the other side is gone.
    virtual bool send(std::string_view bytes) = 0;
    /// Waits until the other side is gone, or the test is over.
    virtual void wait_for_end() = 0;
  };
  using Answer = std::function<void(Peer&)>;

  /// Listens at once, and answers from `start` on.
  explicit LoopbackServer(Answer answer, const Certificate* certificate = nullptr);
  ~LoopbackServer();
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  void start();
  [[nodiscard]] std::string url(const std::string& path = "/jwks") const;
  [[nodiscard]] int port() const { return port_; }
  /// Connections that came, and requests that were read whole.
  [[nodiscard]] int connections() const { return connections_; }
  [[nodiscard]] int requests() const { return requests_; }

 private:
  class Connection;
  void accept();
  void serve(int fd);

  Answer answer_;
  std::shared_ptr<void> tls_;
  int listening_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> connections_{0}, requests_{0};
  std::thread accepting_;
  std::vector<std::thread> serving_;
};

/// A whole answer with a length.
[[nodiscard]] std::string http_answer(std::string_view body, std::string_view content_type = "application/json",
                                      std::string_view status = "200 OK", std::string_view more_headers = "");

}  // namespace jeton::testing
