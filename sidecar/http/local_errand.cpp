// The local door before a tick: keys to fetch, and what an engine has to be asked about an open or a mint.
#include "http/local_door.hpp"
#include "ops/log.hpp"

namespace jeton {
namespace {

/// A larger body is read where nobody waits for it: within a tick each account has its share, here nobody has.
constexpr std::size_t body_bytes_read_here = 16 * 1024;

enum class Asks { nothing, open, mint, token };

Asks asks(const Request& request) {
  if (request.method != "POST") return Asks::nothing;
  if (request.target == "/v1/calls") return Asks::open;
  const auto path = call_path(request.target);
  if (path && path->second == "tokens") return Asks::mint;
  return request.target == "/oauth2/token" ? Asks::token : Asks::nothing;
}

void read_into(Job& job, const DecodeLimits& limits) {
  if (asks(job.request) == Asks::open)
    job.read = decode_open(job.request.body, limits);
  else
    job.read = decode_mint(job.request.body, call_path(job.request.target)->first, limits);
}

}  // namespace

std::function<void()> LocalDoor::errand(Job& job) {
  if (auto file = tlog_errand(job)) return file;
  if (parts_.oauth != nullptr)
    if (auto keys = parts_.oauth->errand(job)) return keys;
  if (parts_.engine == nullptr || job.asked) return {};
  const auto what = asks(job.request);
  if (what == Asks::nothing) return {};
  // Who is no agent is refused whatever an engine says, and gets nothing read.
  if (what != Asks::token && parts_.roles.agent_of(job.caller) == nullptr) return {};
  if (what != Asks::token && !job.read.has_value()) {
    if (job.request.body.size() > body_bytes_read_here)
      return [&job, limits = parts_.limits] { read_into(job, limits); };
    read_into(job, parts_.limits);
  }
  job.asked = true;
  // The log must not be read from here now, and nothing can be granted anyway.
  job.stalled = parts_.guard != nullptr && parts_.guard->has_taken_over();
  if (job.stalled) return {};
  try {
    return what == Asks::token ? engine_errand_of_token(job) : engine_errand(job);
  } catch (const std::runtime_error& error) {
    // Its tick meets the same trouble, and has the words for it.
    log_line(Level::warning, "the policy engine was not asked: the log cannot be read", {{"what", error.what()}});
    return {};
  }
}

std::function<void()> LocalDoor::engine_errand(Job& job) const {
  if (auto* open = std::any_cast<Result<OpenRequest>>(&job.read); open != nullptr && *open) {
    if (auto refused = delegate(**open, job.caller)) return {};
    return parts_.engine->errand(job, **open);
  }
  const auto* mint = std::any_cast<Result<MintRequest>>(&job.read);
  return mint != nullptr && *mint ? parts_.engine->errand(job, **mint) : std::function<void()>();
}

std::function<void()> LocalDoor::engine_errand_of_token(Job& job) const {
  // Whoever it is not is told so by the tick, in the same words: an assertion that was refused is not used up.
  if (!identify(job)) {
    job.response = {};
    return {};
  }
  return parts_.oauth != nullptr ? parts_.oauth->engine_errand(job, *parts_.engine) : std::function<void()>();
}

std::optional<Error> LocalDoor::delegate(OpenRequest& request, const Caller& caller) const {
  if (!request.subject_token || !request.delegation.empty()) return std::nullopt;
  if (parts_.oauth == nullptr) return Error{Code::wrong_issuer, "no token of somebody else is taken here"};
  auto delegation = parts_.oauth->delegation_of(request.subject_token, caller);
  if (!delegation) return delegation.error();
  request.delegation = std::move(*delegation);
  return std::nullopt;
}

}  // namespace jeton
