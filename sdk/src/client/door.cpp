// Asking the sidecar, once more when an idle connection had gone stale.
#include "client/door.hpp"

#include <fmt/core.h>

#include "jeton/http_codec.hpp"
#include "jeton/secret.hpp"

namespace jeton {

SidecarDoor::~SidecarDoor() {
  for (auto& place : idle_)
    if (const int fd = place.exchange(none); fd != none) ::close(fd);
}

Result<Json> SidecarDoor::post(std::string_view target, const Json& body) {
  auto text = canonical_json(body);
  if (!text) return refuse(text.error());
  auto answer = ask("POST", target, *text);
  wipe(*text);
  return answer;
}

Result<std::string> SidecarDoor::get_text(std::string_view target) {
  const auto request = encode_request("GET", target, "");
  if (!request) return refuse(request.error());
  auto answer = exchange(*request);
  if (!answer) return refuse(answer.error());
  if (answer->status == 200) return std::move(answer->body);
  auto refusal = read_answer(std::move(*answer));
  if (!refusal) return refuse(refusal.error());
  return refuse(Code::sidecar_unavailable, fmt::format("{}: not a sidecar", socket_.string()));
}

Result<Json> SidecarDoor::ask(std::string_view method, std::string_view target, std::string_view body) {
  auto request = encode_request(method, target, body);
  if (!request) return refuse(request.error());
  auto answer = exchange(*request);
  wipe(*request);  // it may hold a token
  if (!answer) return refuse(answer.error());
  return read_answer(std::move(*answer));
}

Result<HttpAnswer> SidecarDoor::exchange(std::string_view request) {
  const auto deadline = std::chrono::steady_clock::now() + deadline_;
  if (auto idle = take_idle()) {
    if (auto answer = idle->exchange(request, deadline)) return keep(std::move(*idle), std::move(*answer));
    if (std::chrono::steady_clock::now() >= deadline)
      return refuse(Code::sidecar_unavailable, fmt::format("{}: the sidecar did not answer in time", socket_.string()));
  }
  auto fresh = UnixHttp::connect(socket_, daemon_uid_, deadline);
  if (!fresh) return refuse(fresh.error());
  auto answer = fresh->exchange(request, deadline);
  if (!answer)
    return refuse(Code::sidecar_unavailable, fmt::format("{}: {}", socket_.string(), answer.error().message));
  return keep(std::move(*fresh), std::move(*answer));
}

HttpAnswer SidecarDoor::keep(UnixHttp connection, HttpAnswer answer) {
  if (connection.reusable()) put_idle(std::move(connection));
  return answer;
}

std::optional<UnixHttp> SidecarDoor::take_idle() {
  // A child after fork must not speak on its parent's connections: the sidecar would take it for the parent.
  if (owner_ != ::getpid()) {
    for (auto& place : idle_)
      if (const int fd = place.exchange(none); fd != none) ::close(fd);
    owner_ = ::getpid();
  }
  for (auto& place : idle_)
    if (const int fd = place.exchange(none); fd != none) return UnixHttp::adopt(fd);
  return std::nullopt;
}

void SidecarDoor::put_idle(UnixHttp connection) {
  if (owner_ != ::getpid()) return;
  const int fd = connection.release();
  for (auto& place : idle_) {
    int free = none;
    if (place.compare_exchange_strong(free, fd)) return;
  }
  ::close(fd);
}

}  // namespace jeton
