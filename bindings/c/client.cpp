// The agent's side for C: a client, and one call from the permit to the outcome.
#include "jeton/client.hpp"

#include "boundary.hpp"
#include "report.hpp"

using namespace jeton;
using namespace jeton::abi;

struct jeton_client {
  Client client;
  std::string socket;

  explicit jeton_client(Client made) : client(std::move(made)), socket(client.socket().string()) {}
};

struct jeton_call {
  CallScope scope;
  std::string txn;

  explicit jeton_call(CallScope opened) : scope(std::move(opened)), txn(scope.txn().text()) {}
};

namespace {

/// POST /v1/calls as the sdk's ToolCall; a member that is not known or of another type is bad_request.
Result<ToolCall> read_call(Json json) {
  ToolCall call;
  const std::pair<const char*, std::optional<std::string>*> texts[]{
      {"server", &call.server},         {"call_id", &call.call_id},         {"run_id", &call.run_id},
      {"session_id", &call.session_id}, {"parent_txn", &call.parent_txn},   {"traceparent", &call.traceparent},
      {"framework", &call.framework},   {"agent_label", &call.agent_label},
  };
  for (const auto& [name, place] : texts) {
    const auto found = json.find(name);
    if (found == json.end()) continue;
    if (!found->is_string()) return refuse(Code::bad_request, std::string("member \"") + name + "\" must be text");
    *place = found->get<std::string>();
    json.erase(found);
  }
  if (const auto found = json.find("subject_token"); found != json.end()) {
    if (!found->is_string()) return refuse(Code::bad_request, "member \"subject_token\" must be text");
    call.subject_token.emplace(found->get<std::string>());
    wipe(found->get_ref<std::string&>());
    json.erase(found);
  }
  if (!json.contains("tool") || !json["tool"].is_string())
    return refuse(Code::bad_request, "member \"tool\" must be text");
  call.tool = json["tool"].get<std::string>();
  if (json.contains("arguments")) call.arguments = std::move(json["arguments"]);
  json.erase("tool");
  json.erase("arguments");
  if (!json.empty()) return refuse(Code::bad_request, "a member is not one of POST /v1/calls");
  return call;
}

Result<std::string> written(const Result<Json>& json) {
  if (!json) return refuse(json.error());
  return canonical_json(*json);
}

jeton_code count(int64_t* out, jeton_error** error, auto&& work) noexcept {
  if (out != nullptr) *out = 0;
  return guarded(error, [&]() -> Result<void> {
    auto& place = at(out);
    const auto revoked = work();
    if (!revoked) return refuse(revoked.error());
    place = *revoked;
    return {};
  });
}

}  // namespace

jeton_code jeton_socket_candidates(const char* socket, size_t socket_size, jeton_buffer** paths, jeton_error** error) {
  return give(paths, error, [&]() -> Result<std::string> {
    ClientOptions options;
    if (const auto path = optional_text(socket, socket_size)) options.socket = *path;
    Json list = Json::array();
    for (const auto& path : socket_candidates(options)) list.push_back(path.string());
    return canonical_json(list);
  });
}

jeton_code jeton_client_connect(const char* socket, size_t socket_size, uint32_t deadline_ms, jeton_client** client,
                                jeton_error** error) {
  return give(client, error, [&] { return Client::connect(options_of(socket, socket_size, deadline_ms)); });
}
const char* jeton_client_issuer(const jeton_client* client, size_t* size) {
  return client == nullptr ? lend_nothing(size) : lend(client->client.issuer(), size);
}
const char* jeton_client_socket(const jeton_client* client, size_t* size) {
  return client == nullptr ? lend_nothing(size) : lend(client->socket, size);
}
jeton_code jeton_client_status(const jeton_client* client, jeton_buffer** status, jeton_error** error) {
  return give(status, error, [&] { return written(at(client).client.status()); });
}
jeton_code jeton_client_jwks(const jeton_client* client, jeton_buffer** jwks, jeton_error** error) {
  return give(jwks, error, [&] { return written(at(client).client.jwks()); });
}
jeton_code jeton_client_post(const jeton_client* client, const char* path, size_t path_size, const char* body,
                             size_t body_size, jeton_buffer** answer, jeton_error** error) {
  return give(answer, error, [&]() -> Result<std::string> {
    const auto json = read_object(text(body, body_size));
    if (!json) return refuse(json.error());
    return written(at(client).client.post(text(path, path_size), *json));
  });
}
jeton_code jeton_client_revoke_txn(const jeton_client* client, const char* txn, size_t txn_size, int64_t* revoked,
                                   jeton_error** error) {
  return count(revoked, error, [&]() -> Result<std::int64_t> {
    const auto id = Txn::parse(text(txn, txn_size));
    if (!id) return refuse(Code::bad_request, "a txn is 22 characters of base64url");
    return at(client).client.revoke(*id);
  });
}
jeton_code jeton_client_revoke_run(const jeton_client* client, const char* run_id, size_t run_id_size, int64_t* revoked,
                                   jeton_error** error) {
  return count(revoked, error, [&] { return at(client).client.revoke_run(std::string(text(run_id, run_id_size))); });
}
void jeton_client_free(jeton_client* client) { delete client; }

jeton_code jeton_client_open(const jeton_client* client, const char* call, size_t call_size, jeton_call** opened,
                             jeton_error** error) {
  return give(opened, error, [&]() -> Result<CallScope> {
    auto json = read_object(text(call, call_size));
    if (!json) return refuse(json.error());
    const auto read = read_call(std::move(*json));
    if (!read) return refuse(read.error());
    return at(client).client.open(*read);
  });
}
const char* jeton_call_txn(const jeton_call* call, size_t* size) {
  return call == nullptr ? lend_nothing(size) : lend(call->txn, size);
}
const char* jeton_call_grant(const jeton_call* call, size_t* size) {
  return call == nullptr ? lend_nothing(size) : lend(call->scope.grant(), size);
}
jeton_code jeton_call_mint(jeton_call* call, const char* server, size_t server_size, jeton_buffer** token,
                           jeton_buffer** about, jeton_error** error) {
  if (about != nullptr) *about = nullptr;
  std::unique_ptr<jeton_buffer> said;
  const auto code = give(token, error, [&]() -> Result<std::string> {
    const auto minted = at(call).scope.mint(text(server, server_size));
    if (!minted) return refuse(minted.error());
    auto facts = canonical_json({{"jti", minted->jti.text()},
                                 {"attempt", minted->attempt},
                                 {"expires_at", minted->expires_at},
                                 {"previous", minted->previous},
                                 {"log_index", minted->log_index}});
    if (!facts) return refuse(facts.error());
    said = std::make_unique<jeton_buffer>(std::move(*facts));
    return minted->token.expose_for_transport();
  });
  if (code == JETON_OK && about != nullptr) *about = said.release();
  return code;
}
jeton_code jeton_call_finish(jeton_call* call, const char* report, size_t report_size, uint64_t* log_index,
                             jeton_error** error) {
  return told(log_index, error, report, report_size, [&](const Report& read) { return at(call).scope.finish(read); });
}
void jeton_call_free(jeton_call* call) { delete call; }
