// Evidence first: files are given up by themselves only where no executable goes out of sight with them.
#include "app/reach.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "app/paths.hpp"
#include "ops/log.hpp"

namespace jeton {
namespace {

namespace fs = std::filesystem;

bool names_uid(const SelectorSet& match, uid_t uid) {
  return std::any_of(match.selectors().begin(), match.selectors().end(), [uid](const Selector& selector) {
    return selector.kind == Selector::Kind::uid && selector.value == std::to_string(uid);
  });
}

bool serves_own_account(const Roles::Entries& roles, uid_t daemon_uid) {
  return std::any_of(roles.agents.begin(), roles.agents.end(),
                     [&](const AgentEntry& agent) { return names_uid(agent.match, daemon_uid); }) ||
         std::any_of(roles.servers.begin(), roles.servers.end(),
                     [&](const ServerEntry& server) { return server.match && names_uid(*server.match, daemon_uid); });
}

/// The directory itself, and the one a link leads to: both are read again at a reload.
void add_directory_of(const fs::path& file, Reach::Use use, std::vector<Reach>& reaches) {
  std::error_code error;
  const auto named = fs::absolute(file, error).parent_path();
  if (!error) reaches.push_back({named, use});
  const auto real = fs::canonical(file, error).parent_path();
  if (!error && real != named) reaches.push_back({real, use});
}

}  // namespace

std::string why_no_landlock(const Config& config, const Surroundings& here) {
  if (config.landlock == Landlock::off) return "as configured";
  if (here.abi == 0) return "this kernel offers none";
  if (here.abi == 1 && here.accept_rollback) return "this kernel's would not let a log be moved aside";
  // Keys are read again from wherever they are, and whoever asks others needs their names looked up.
  if (config.reaches_elsewhere()) return "the configuration names keys, certificates or addresses elsewhere";
  if (config.landlock == Landlock::on) return "";
  if (config.asks_for_executables()) return "auto: a match asks for unix:path or unix:sha256";
  if (here.sight != ExecutableSight::nothing) return "auto: with CAP_SYS_PTRACE the log has executables";
  if (config.dev || here.only_agent || serves_own_account(config.roles, here.daemon_uid))
    return "auto: callers have the daemon's account, and the log their executables";
  return "";
}

std::vector<Reach> reach_of(const Config& config, const StartPaths& places) {
  // SQLite takes its random numbers from there.
  std::vector<Reach> reaches{
      {places.state, Reach::Use::keep}, {"/proc", Reach::Use::read}, {"/dev/urandom", Reach::Use::read}};
  add_directory_of(places.config, Reach::Use::read, reaches);
  if (const auto sealed = credentials_directory()) reaches.push_back({*sealed, Reach::Use::read});
  for (const auto& socket : places.sockets) add_directory_of(socket, Reach::Use::listen, reaches);
  for (const auto& place : config.checkpoint_places)
    if (place.starts_with('/')) reaches.push_back({fs::path(place).parent_path(), Reach::Use::replace});
  return reaches;
}

Result<std::string> confine_files(const Config& config, const StartPaths& places, const Surroundings& here) {
  const auto without = [&](const std::string& why) -> Result<std::string> {
    if (config.landlock != Landlock::on) return fmt::format("off ({})", why);
    return refuse(Code::bad_request,
                  fmt::format("landlock = \"on\" cannot be: {}; write \"auto\" to start without it", why));
  };
  if (const auto why = why_no_landlock(config, here); !why.empty()) return without(why);
  const auto reaches = reach_of(config, places);
  for (const auto& reach : reaches) {
    if (!reach.path.has_relative_path())
      return without(fmt::format("a file directly below {} would keep everything", reach.path.string()));
    if (reach.use == Reach::Use::replace && !fs::exists(reach.path))
      log_line(Level::warning, "a checkpoint place is out of reach until a restart: its directory is not there",
               {{"directory", reach.path.string()}});
  }
  if (auto done = give_up_files(reaches, here.abi); !done) return without(done.error().message);
  return fmt::format("on (ABI {})", here.abi);
}

}  // namespace jeton
