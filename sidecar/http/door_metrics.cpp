// What the local door counts of its requests, and what it tells a Prometheus server.
#include <fmt/core.h>

#include "http/local_door.hpp"
#include "ops/log.hpp"

namespace jeton {
namespace {

/// One of a few names, whatever was asked: a path that nobody serves is "request".
std::string_view verb_name(const Job& job) {
  const auto& method = job.request.method;
  const auto& target = job.request.target;
  if (job.fault) return "request";
  if (method == "GET") {
    if (target == "/v1/jwks" || target == "/oauth2/jwks" || target == "/federation/jwks") return "jwks";
    if (target == "/openapi.json" || target.find("/.well-known/") != target.npos) return "metadata";
    if (target == "/v1/status") return "status";
    if (target == "/healthz" || target == "/readyz") return "health";
    if (target.starts_with("/tlog/")) return "tlog";
    return target == "/metrics" ? "metrics" : "request";
  }
  const auto ends_with = [&](std::string_view prefix, std::string_view end) {
    return target.starts_with(prefix) && target.ends_with(end);
  };
  if (method != "POST") return "request";
  if (target == "/v1/calls") return "open";
  if (ends_with("/v1/calls/", "/tokens")) return "mint";
  if (ends_with("/v1/calls/", "/outcome")) return "finish";
  if (target == "/v1/redeem") return "redeem";
  if (target == "/v1/federation") return "federate";
  if (target == "/v1/log/archive") return "archive";
  if (target == "/v1/revoke" || target == "/oauth2/revoke") return "revoke";
  if (target == "/oauth2/token") return "token";
  if (target == "/oauth2/introspect") return "introspect";
  if (ends_with("/v1/agents/", "/disable")) return "disable";
  if (ends_with("/v1/agents/", "/enable")) return "enable";
  return "request";
}

}  // namespace

void LocalDoor::count(std::span<Job* const> jobs) {
  const auto now = std::chrono::steady_clock::now();
  for (const auto* job : jobs) {
    const auto verb = verb_name(*job);
    const auto code = job->response.code ? facts(*job->response.code).name : std::string_view("ok");
    const auto took = now - job->arrived;
    requests_.answered(verb, code, took);
    if (!is_logged(Level::debug)) continue;
    log_line(Level::debug, "answered",
             {{"request", job->id},
              {"verb", std::string(verb)},
              {"code", std::string(code)},
              {"uid", std::to_string(job->caller.uid)},
              {"us", std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(took).count())}});
  }
}

std::string LocalDoor::metrics() const {
  MetricText text;
  requests_.write(text);
  text.counter("jeton_hosts_refused_total", "Requests over TCP for another host, or from another host's page.",
               hosts_refused_);
  text.counter("jeton_log_events_total", "Events in the log.", parts_.store.size());
  text.gauge("jeton_events_in_memory_only", "Revocations and switches that wait for the log.",
             static_cast<double>(parts_.exchange.controls().unwritten()));
  text.gauge("jeton_disk_low", "1 while less than reserve_bytes are free and refusals are only counted.",
             parts_.disk_low() ? 1 : 0);
  text.gauge("jeton_live_tokens", "Tokens that could be redeemed now.",
             static_cast<double>(parts_.exchange.live_tokens()));
  parts_.gauges(text);
  return text.take();
}

}  // namespace jeton
