// Finding the sidecar, and opening calls.
#include "jeton/client.hpp"

#include <cstdlib>

#include <fmt/core.h>

#include "client/call_state.hpp"
#include "client/door.hpp"

namespace jeton {
namespace {

void put(Json& body, const char* name, const std::optional<std::string>& value) {
  if (value) body[name] = *value;
}

Json open_body(const ToolCall& call, const std::string& open_id) {
  Json body{{"tool", call.tool}, {"arguments", call.arguments}, {"open_id", open_id}};
  put(body, "server", call.server);
  put(body, "call_id", call.call_id);
  put(body, "run_id", call.run_id);
  put(body, "session_id", call.session_id);
  put(body, "parent_txn", call.parent_txn);
  if (call.subject_token) body["subject_token"] = call.subject_token->expose_for_transport();
  put(body, "traceparent", call.traceparent);
  put(body, "framework", call.framework);
  put(body, "agent_label", call.agent_label);
  return body;
}

tl::unexpected<Error> strange_answer(std::string_view to) {
  return refuse(Code::sidecar_unavailable, fmt::format("the sidecar's answer to {} is not the protocol's", to));
}

Result<std::int64_t> revoked_of(const Result<Json>& answer) {
  if (!answer) return refuse(answer.error());
  const auto count = answer->is_object() ? answer->value("revoked", Json()) : Json();
  if (!count.is_number_integer()) return strange_answer("revoke");
  return count.get<std::int64_t>();
}

}  // namespace

std::vector<std::filesystem::path> socket_candidates(const ClientOptions& options) {
  if (options.socket) return {*options.socket};
  if (const char* path = std::getenv("JETON_SOCKET"); path != nullptr && *path != '\0') return {path};
  std::vector<std::filesystem::path> candidates;
  if (const char* runtime = std::getenv("XDG_RUNTIME_DIR"); runtime != nullptr && *runtime != '\0')
    candidates.push_back(std::filesystem::path(runtime) / "jeton" / "agent.sock");
  candidates.emplace_back("/run/jeton/agent.sock");
  return candidates;
}

Result<Client> Client::connect(const ClientOptions& options) {
  std::string tried;
  for (const auto& path : socket_candidates(options)) {
    auto shared = std::shared_ptr<ClientShared>(new ClientShared{SidecarDoor(path, options), ""});
    auto status = shared->door.get("/v1/status");
    if (status && status->is_object() && status->value("issuer", Json()).is_string()) {
      shared->issuer = status->at("issuer").get<std::string>();
      return Client(std::move(shared));
    }
    // A sidecar that answers with a refusal is the sidecar: the next socket would only hide what it said.
    if (!status && status.error().code != Code::sidecar_unavailable) return refuse(status.error());
    tried += fmt::format("{}{}", tried.empty() ? "" : ", ",
                         status ? path.string() + ": not a sidecar" : status.error().message);
  }
  return refuse(
      Code::sidecar_unavailable,
      fmt::format("no sidecar answers, tried {}; start jetond, or name its socket with --socket or $JETON_SOCKET",
                  tried));
}

Result<CallScope> Client::open(const ToolCall& call) const {
  const auto began = std::chrono::steady_clock::now();
  const auto body = open_body(call, random_id());
  auto answer = shared_->door.post("/v1/calls", body);
  // The answer may have got lost after the event was written; the same open_id finds the same call again.
  if (!answer && answer.error().code == Code::sidecar_unavailable) answer = shared_->door.post("/v1/calls", body);
  if (!answer) return refuse(answer.error());

  const auto named = answer->is_object() ? answer->value("txn", Json()) : Json();
  const auto txn = named.is_string() ? Txn::parse(named.get_ref<const std::string&>()) : std::nullopt;
  if (!txn || !answer->value("grant", Json()).is_string()) return strange_answer("open");
  auto state = std::unique_ptr<CallScope::State>(
      new CallScope::State{shared_, *txn, answer->at("grant").get<std::string>(), call.tool, call.arguments, began});
  if (call.server) {
    auto minted = minted_of(*answer);
    if (!minted) return refuse(minted.error());
    state->server_of_first = call.server;
    state->first = std::move(*minted);
  }
  return CallScope(std::move(state));
}

Result<std::int64_t> Client::revoke(const Txn& txn) const {
  return revoked_of(post("/v1/revoke", {{"txn", txn.text()}}));
}
Result<std::int64_t> Client::revoke_run(const std::string& run_id) const {
  return revoked_of(post("/v1/revoke", {{"run_id", run_id}}));
}

Result<Json> Client::status() const { return shared_->door.get("/v1/status"); }
Result<std::string> Client::metrics() const { return shared_->door.get_text("/metrics"); }
Result<Json> Client::jwks() const { return shared_->door.get("/v1/jwks"); }
Result<Json> Client::post(std::string_view path, const Json& body) const { return shared_->door.post(path, body); }
const std::string& Client::issuer() const { return shared_->issuer; }
const std::filesystem::path& Client::socket() const { return shared_->door.socket(); }

}  // namespace jeton
