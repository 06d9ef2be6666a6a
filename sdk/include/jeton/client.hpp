// The agent's side of the local door: one client per process, one scope per tool call.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "jeton/call_scope.hpp"
#include "jeton/error.hpp"
#include "jeton/id.hpp"
#include "jeton/json.hpp"
#include "jeton/tool_call.hpp"

namespace jeton {

struct ClientShared;

/// How to reach the sidecar.
struct ClientOptions {
  /// None: $JETON_SOCKET, else $XDG_RUNTIME_DIR/jeton/agent.sock, else /run/jeton/agent.sock; the first that is there.
  std::optional<std::filesystem::path> socket = std::nullopt;
  /// For one request, from connecting to the last byte of the answer.
  std::chrono::milliseconds deadline{250};
  /// Whose daemon it must be. None: the owner of the socket file, which must also be the account that listens on it.
  std::optional<uid_t> daemon_uid = std::nullopt;
};

/// A connection to the sidecar. Copies share it. Thread-safe; a child after fork opens connections of its own.
/// Everything fails closed: without an answer in time there is no token, and the code is sidecar_unavailable.
class Client {
 public:
  /// Finds the socket and asks the sidecar who it is. sidecar_unavailable names every path that was tried.
  [[nodiscard]] static Result<Client> connect(const ClientOptions& options = {});

  /// Opens the call: policy decides and the event is durable before this returns, and before the tool may run. With
  /// `call.server` the first token comes in the same round trip. Safe to repeat: an answer that got lost forks nothing.
  [[nodiscard]] Result<CallScope> open(const ToolCall& call) const;

  /// Ends a call of this agent, or all its calls of a run, for good: live tokens can no longer be redeemed, and no more
  /// are minted. How many tokens were live. log_unavailable: it holds, but a restart may forget it.
  [[nodiscard]] Result<std::int64_t> revoke(const Txn& txn) const;
  [[nodiscard]] Result<std::int64_t> revoke_run(const std::string& run_id) const;

  /// GET /v1/status as the sidecar answers it.
  [[nodiscard]] Result<Json> status() const;
  /// GET /v1/jwks.
  [[nodiscard]] Result<Json> jwks() const;
  /// GET /metrics: numbers in the text format of Prometheus; wrong_role for who is no reviewer.
  [[nodiscard]] Result<std::string> metrics() const;
  /// One POST of the local door, for what has no verb of its own here; the body is checked by nobody but the sidecar.
  [[nodiscard]] Result<Json> post(std::string_view path, const Json& body) const;

  [[nodiscard]] const std::string& issuer() const;
  [[nodiscard]] const std::filesystem::path& socket() const;

 private:
  explicit Client(std::shared_ptr<ClientShared> shared) : shared_(std::move(shared)) {}
  std::shared_ptr<ClientShared> shared_;
};

/// The sockets that would be tried, in order.
[[nodiscard]] std::vector<std::filesystem::path> socket_candidates(const ClientOptions& options);

}  // namespace jeton
