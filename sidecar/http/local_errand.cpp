// The local door before a tick: what has to be asked of an engine about an open or a mint.
#include "http/local_door.hpp"
#include "ops/log.hpp"

namespace jeton {
namespace {

/// A larger body is read where nobody waits for it: within a tick each account has its share, here nobody has.
constexpr std::size_t body_bytes_read_here = 16 * 1024;

}  // namespace

void LocalDoor::prepare(Job& job, const DecodeLimits& limits) {
  const auto& target = job.request.target;
  if (job.request.method != "POST") return;
  const auto path = call_path(target);
  if (target == "/v1/calls")
    job.prepared->request = decode_open(job.request.body, limits);
  else if (path && path->second == "tokens")
    job.prepared->request = decode_mint(job.request.body, path->first, limits);
}

std::function<void()> LocalDoor::errand(Job& job) {
  // Who is no agent is refused whatever an engine says, and gets nothing read.
  if (parts_.engine == nullptr || parts_.roles.agent_of(job.caller) == nullptr) return {};
  if (!job.prepared) {
    job.prepared = std::make_shared<Prepared>();
    if (job.request.body.size() > body_bytes_read_here)
      return [&job, limits = parts_.limits] { prepare(job, limits); };
    prepare(job, parts_.limits);
  }
  auto& prepared = *job.prepared;
  if (std::exchange(prepared.asked, true)) return {};
  // The log must not be read from here now, and nothing can be granted anyway.
  prepared.stalled = parts_.guard != nullptr && parts_.guard->has_taken_over();
  if (prepared.stalled) return {};
  try {
    if (auto* open = std::get_if<Result<OpenRequest>>(&prepared.request); open != nullptr && *open)
      return parts_.engine->errand(job.caller, **open);
    if (auto* mint = std::get_if<Result<MintRequest>>(&prepared.request); mint != nullptr && *mint)
      return parts_.engine->errand(job.caller, **mint);
  } catch (const std::runtime_error& error) {
    // Its tick meets the same trouble, and has the words for it.
    log_line(Level::warning, "the policy engine was not asked: the log cannot be read", {{"what", error.what()}});
  }
  return {};
}

}  // namespace jeton
