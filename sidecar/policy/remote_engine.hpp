// An engine at the other end of an HTTP connection.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "jeton/secret.hpp"
#include "outbound/fetch.hpp"
#include "policy/engine_wire.hpp"

namespace jeton {

/// Where an engine is, and how to speak to it.
struct EngineAddress {
  EngineKind kind = EngineKind::authzen;
  std::string url;
  std::string authorities = {};  ///< PEM file of those that vouch for it; empty: the system's
};

/// Sends each question once, and takes nothing but a clean permit for one. What was wrong with an answer is told to the
/// operator on stderr, once in ten seconds, and never in the engine's words. Thread-safe.
class RemoteEngine final : public Engine {
 public:
  /// `token`: what the engine knows jetond by, as a bearer token; none: by nothing.
  RemoteEngine(Fetch& fetch, EngineAddress address, std::optional<Secret> token);

  [[nodiscard]] Verdict ask(EngineQuestion question, Time deadline) override;
  /// From the next question on.
  void set_token(std::optional<Secret> token);

 private:
  [[nodiscard]] std::vector<HttpHeader> headers(const std::string& request_id) const;
  void tell(Ruling ruling, const std::string& why);

  Fetch& fetch_;
  const EngineAddress address_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Secret> token_;  ///< under the mutex
  std::atomic<std::int64_t> quiet_until_s_ = 0;
};

}  // namespace jeton
