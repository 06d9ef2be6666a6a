// Asking the sidecar, once more when an idle connection had gone stale.
#include "client/door.hpp"

#include <fmt/core.h>
#include <unistd.h>

namespace jeton {
namespace {

constexpr std::size_t idle_max = 8;

/// The member where it is a text; of another type it is as good as absent, whoever answered.
std::string text_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// RFC 9457 back into a refusal; what is not one of ours is no answer at all.
Error refusal_of(const HttpAnswer& answer) {
  const auto body = parse_json(answer.body, Code::sidecar_unavailable);
  if (body && body->is_object()) {
    const auto code = code_named(text_of(*body, "code"));
    if (code) {
      Error error{*code, text_of(*body, "detail")};
      if (const auto txn = body->find("txn"); txn != body->end() && txn->is_string())
        error.txn = txn->get<std::string>();
      if (const auto index = body->find("log_index"); index != body->end() && index->is_number_unsigned())
        error.log_index = index->get<std::uint64_t>();
      return error;
    }
  }
  return {Code::sidecar_unavailable, fmt::format("the sidecar answered {} without a code", answer.status)};
}

}  // namespace

Result<Json> SidecarDoor::post(std::string_view target, const Json& body) {
  auto text = canonical_json(body);
  if (!text) return refuse(text.error());
  auto answer = ask("POST", target, *text);
  wipe(*text);
  return answer;
}

Result<Json> SidecarDoor::ask(std::string_view method, std::string_view target, std::string_view body) {
  const auto deadline = std::chrono::steady_clock::now() + deadline_;
  const auto finish = [this](UnixHttp connection, HttpAnswer answer) -> Result<Json> {
    if (connection.reusable()) put_idle(std::move(connection));
    if (answer.status < 200 || answer.status > 299) return refuse(refusal_of(answer));
    auto json = parse_json(answer.body, Code::sidecar_unavailable);
    wipe(answer.body);
    return json;
  };
  if (auto idle = take_idle()) {
    if (auto answer = idle->exchange(method, target, body, deadline))
      return finish(std::move(*idle), std::move(*answer));
    if (std::chrono::steady_clock::now() >= deadline)
      return refuse(Code::sidecar_unavailable, fmt::format("{}: the sidecar did not answer in time", socket_.string()));
  }
  auto fresh = UnixHttp::connect(socket_, daemon_uid_, deadline);
  if (!fresh) return refuse(fresh.error());
  auto answer = fresh->exchange(method, target, body, deadline);
  if (!answer)
    return refuse(Code::sidecar_unavailable, fmt::format("{}: {}", socket_.string(), answer.error().message));
  return finish(std::move(*fresh), std::move(*answer));
}

std::optional<UnixHttp> SidecarDoor::take_idle() {
  const std::lock_guard lock(mutex_);
  // A child after fork must not speak on its parent's connections: the sidecar would take it for the parent.
  if (owner_ != ::getpid()) {
    idle_.clear();
    owner_ = ::getpid();
  }
  if (idle_.empty()) return std::nullopt;
  auto connection = std::move(idle_.back());
  idle_.pop_back();
  return connection;
}

void SidecarDoor::put_idle(UnixHttp connection) {
  const std::lock_guard lock(mutex_);
  if (owner_ == ::getpid() && idle_.size() < idle_max) idle_.push_back(std::move(connection));
}

}  // namespace jeton
