// Reading, comparing, recording, swapping: in that order, so that evidence comes before effect.
#include "app/reload.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/core.h>
#include <unistd.h>

#include "ops/log.hpp"
#include "ops/notify.hpp"

namespace jeton {

namespace {

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  return names;
}

/// "FILE:12: key: what" → "line_12"; of what is wrong with the file itself "file".
std::string detail_of(const std::string& message, const std::string& file) {
  constexpr std::string_view digits = "0123456789";
  if (!message.starts_with(file + ":")) return "file";
  const auto line =
      message.substr(file.size() + 1, message.find_first_not_of(digits, file.size() + 1) - file.size() - 1);
  return line.empty() ? "file" : "line_" + line;
}

/// sd_notify(3): a manager that waits for the reload compares times of the monotonic clock.
void notify_reloading() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  notify_service_manager(fmt::format("RELOADING=1\nMONOTONIC_USEC={}",
                                     std::chrono::duration_cast<std::chrono::microseconds>(now).count()));
}

}  // namespace

std::optional<std::string_view> needs_restart(const Config& running, const Config& wanted, bool landlocked) {
  if (wanted.trust_domain != running.trust_domain) return "trust_domain";
  if (wanted.issuer != running.issuer) return "issuer";
  if (wanted.listen != running.listen) return "listen";
  if (wanted.tls.has_value() != running.tls.has_value()) return "tls";
  if (wanted.durability != running.durability) return "durability";
  if (wanted.landlock != running.landlock || (landlocked && wanted.asks_for_executables())) return "landlock";
  if (wanted.socket != running.socket) return "socket";
  if (sorted(wanted.checkpoint_places) != sorted(running.checkpoint_places)) return "checkpoint_places";
  if (sorted(wanted.own_sockets()) != sorted(running.own_sockets())) return "match";
  // Without anything to fetch it gave the network up for good.
  if (wanted.engine != running.engine) return "policy";
  if (wanted.fetches() && !running.fetches()) return "jwks";
  return std::nullopt;
}

void record_loaded(Exchange& exchange, const Config& config) {
  exchange.record(EventKind::config_loaded, [&](Event& event) {
    event.detail = config.dev ? "dev" : name_of(config.durability);
    Sha256 digest{};
    for (std::size_t i = 0; i < digest.size() && 2 * i + 1 < config.sha256.size(); ++i)
      digest[i] = static_cast<unsigned char>(std::stoi(config.sha256.substr(2 * i, 2), nullptr, 16));
    event.config_sha256 = digest;
  });
}

void Reload::operator()() {
  if (parts_.config.dev) return log_line(Level::warning, "SIGHUP ignored: --dev has no configuration to read again");
  notify_reloading();
  auto wanted = parts_.read();
  if (!wanted) {
    keep_old(wanted.error(), detail_of(wanted.error().message, parts_.file.string()));
  } else if (const auto key = needs_restart(parts_.config, *wanted, parts_.landlocked)) {
    const auto what = *key == "match"      ? "the set of jeton:socket selectors"
                      : *key == "jwks"     ? "the first URL in a trusted_issuer's jwks"
                      : *key == "landlock" ? "landlock, or the first unix:path or unix:sha256 under it,"
                                           : *key;
    keep_old({Code::bad_request, fmt::format("{}: {} needs a restart to change; restart jetond, or take it back",
                                             parts_.file.string(), what)},
             fmt::format("restart_{}", *key));
  } else if (auto take_effect = parts_.prepare(*wanted); !take_effect) {
    keep_old(take_effect.error(), "file");
  } else {
    replace_by(std::move(*wanted), *take_effect);
  }
  notify_service_manager("READY=1");
}

void Reload::replace_by(Config config, const std::function<void()>& take_effect) {
  Roles roles(config.roles);
  Grants grants(config.grants);
  const auto recorded = record([&] { record_loaded(parts_.exchange, config); });
  if (!recorded)
    return log_line(Level::warning, "configuration not reloaded, the old one stays",
                    {{"why", recorded.error().message}, {"then", "send SIGHUP again when the log can be written"}});
  parts_.roles = std::move(roles);
  parts_.grants = std::move(grants);
  parts_.config = std::move(config);
  parts_.set_limits(parts_.config.limits);
  take_effect();
  set_log_level(parts_.config.log_level);
  log_line(Level::info, "configuration reloaded", {{"file", parts_.file.string()}, {"sha256", parts_.config.sha256}});
}

/// A disk that hangs holds the reload up and nobody else.
Result<void> Reload::record(const std::function<void()>& what) {
  const auto recorded = [&] {
    what();
    if (parts_.guard != nullptr) parts_.guard->begin();
  };
  return parts_.exchange.transact(recorded, [this] {
    if (parts_.guard != nullptr) (void)parts_.guard->end();
  });
}

void Reload::keep_old(const Error& why, const std::string& detail) {
  log_line(Level::warning, "configuration not reloaded, the old one stays", {{"why", why.message}});
  const auto recorded =
      record([&] { parts_.exchange.record(EventKind::config_rejected, [&](Event& event) { event.detail = detail; }); });
  if (!recorded) log_line(Level::warning, "config.rejected could not be written", {{"why", recorded.error().message}});
}

}  // namespace jeton
