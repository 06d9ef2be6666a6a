// A policy engine of a test's own: HTTP on loopback, any answer at all, as slow as a test wants it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "jeton/json.hpp"

namespace jeton::outside {

/// Serves until its end of scope; a connection a thread.
class Pdp {
 public:
  struct Asked {
    std::string head;  ///< request line and fields
    Json body;
  };
  /// The whole answer as bytes; an empty one ends the connection. Called on several threads at once.
  using Answer = std::function<std::string(Pdp&, const Asked&)>;
  explicit Pdp(Answer answer);
  ~Pdp();
  Pdp(const Pdp&) = delete;
  Pdp& operator=(const Pdp&) = delete;

  [[nodiscard]] std::string url(const std::string& path) const;
  [[nodiscard]] std::vector<Asked> asked() const;
  /// Of an answer: waits until the test is over or lets go.
  void hang();
  void let_go();
  /// From here on answers go out a byte at a time, fifty a second, until the test is over or lets go.
  void trickle() { trickles_ = true; }
  /// Nobody listens any more, and connections that are there end.
  void shut();

 private:
  void accept();
  void serve(int connection);
  [[nodiscard]] bool send(int connection, const std::string& bytes);

  Answer answer_;
  int listening_ = -1;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool released_ = false;
  std::atomic<bool> trickles_ = false;
  std::vector<Asked> asked_;
  std::vector<int> connections_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

/// A 200 of JSON.
[[nodiscard]] std::string json_answer(const std::string& body, const std::string& status = "200 OK",
                                      const std::string& type = "application/json");

}  // namespace jeton::outside
