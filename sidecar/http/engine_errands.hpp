// The errand to an engine: what it is asked, how long it may take, and how many may wait for it.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "exchange/exchange.hpp"
#include "http/message.hpp"
#include "ops/metrics.hpp"
#include "policy/engine.hpp"

namespace jeton {

/// Gets an engine's verdict about an open or a mint before its tick decides; every door's. On the loop's thread; the
/// errands that it makes run elsewhere.
class EngineErrands {
 public:
  struct Parts {
    const Exchange& exchange;
    Engine& engine;
    EngineMetrics& metrics;
    std::chrono::milliseconds timeout;  ///< from the question on, the wait for a thread included
    bool send_arguments = false;
    std::size_t waiting_max = 256;      ///< questions at a time; more are `busy`
    std::size_t waiting_max_each = 64;  ///< of one agent
  };
  explicit EngineErrands(const Parts& parts) : parts_(parts) {}

  /// What to run before `request` is decided: it writes the verdict into the job, whose caller is known by now. Empty
  /// where there is nothing to ask: the exchange refuses without, or the verdict is `busy` and there already.
  [[nodiscard]] std::function<void()> errand(Job& job, const OpenRequest& request);
  [[nodiscard]] std::function<void()> errand(Job& job, const MintRequest& request);

 private:
  /// How many wait, of whom; a place is given back wherever the errand ends, or never runs.
  class Places : public std::enable_shared_from_this<Places> {
   public:
    /// Empty when there is none left, in all or for this agent.
    [[nodiscard]] std::shared_ptr<void> take(const std::string& agent, std::size_t max, std::size_t max_each);

   private:
    std::mutex mutex_;
    std::map<std::string, std::size_t> taken_;
    std::size_t all_ = 0;
  };
  [[nodiscard]] std::function<void()> ask(Job& job, std::optional<EngineQuestion> question);

  Parts parts_;
  std::shared_ptr<Places> places_ = std::make_shared<Places>();
};

/// What a request is told that came while the log's disk hung: no engine was asked, since nothing could be granted.
[[nodiscard]] Error unasked();

}  // namespace jeton
