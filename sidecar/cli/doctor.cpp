// `jeton doctor`: what is wrong or weak here, why it matters, what to type.
#include <algorithm>

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/app.hpp"
#include "app/doctor.hpp"
#include "app/paths.hpp"
#include "cli/commands.hpp"
#include "cli/table.hpp"
#include "jeton/clock.hpp"

namespace jeton::cli {
namespace {

constexpr int exit_error_found = 4;

/// "what; what to do about it" of a refusal as a finding.
Diagnosis diagnosis_of(const Error& error, std::string why) {
  const auto cut = error.message.find("; ");
  return {Urgency::error, error.message.substr(0, cut), std::move(why),
          cut == error.message.npos ? "" : error.message.substr(cut + 2)};
}

Diagnoses examine_everything(const Common& common, const DoctorOptions& options) {
  const std::filesystem::path state = common.state ? *common.state : default_state_to_read().string();
  struct stat info {};
  const uid_t daemon_uid = ::stat(state.c_str(), &info) == 0 ? info.st_uid : ::geteuid();
  Diagnoses found;
  const auto take = [&found](Diagnoses more) { std::move(more.begin(), more.end(), std::back_inserter(found)); };

  std::int64_t reserve_bytes = Config().reserve_bytes, retain_days = 0;
  Diagnoses of_config;
  bool dev = false;
  Json running = Json::object();
  const auto now_s = SystemClock().wall_us() / us_per_s;
  const auto client = Client::connect(common.client());
  if (client) {
    const auto status = client->status();
    if (status) {
      dev = status->value("dev", false);
      take(examine_status(*status, version()));
      take(examine_domain(*status, now_s));
      running = *status;
    } else {
      found.push_back(diagnosis_of(status.error(), "no agent gets a token"));
    }
  } else {
    found.push_back(diagnosis_of(client.error(), "no agent gets a token"));
  }
  if (!dev) {
    const auto file = options.config ? std::filesystem::path(*options.config) : default_config(state);
    const auto config = load_config(file, daemon_uid);
    if (config) {
      reserve_bytes = config->reserve_bytes;
      retain_days = config->retain_days;
      take(examine_config(*config, daemon_uid));
      take(examine_tls(*config, running, daemon_uid, now_s));
      if (options.ask_engine) take(examine_engine(*config, daemon_uid));
    } else {
      found.push_back(diagnosis_of(config.error(), "jetond does not start with it, and a reload keeps the old one"));
    }
  }
  take(examine_state(state, reserve_bytes, retain_days));
  std::stable_sort(found.begin(), found.end(),
                   [](const Diagnosis& a, const Diagnosis& b) { return a.urgency > b.urgency; });
  return found;
}

}  // namespace

int doctor(const Common& common, const DoctorOptions& options) {
  const auto found = examine_everything(common, options);
  const auto errors =
      std::count_if(found.begin(), found.end(), [](const Diagnosis& f) { return f.urgency == Urgency::error; });
  if (common.json) {
    Json findings = Json::array();
    for (const auto& [urgency, what, why, to_type] : found)
      findings.push_back({{"urgency", name_of(urgency)}, {"what", what}, {"why", why}, {"to_type", to_type}});
    fmt::print("{}\n", json_for_terminal({{"findings", std::move(findings)}, {"errors", errors}}));
    return errors > 0 ? exit_error_found : 0;
  }
  for (const auto& [urgency, what, why, to_type] : found) {
    fmt::print("{}: {}\n", name_of(urgency), for_terminal(what));
    fmt::print("    why:  {}\n", for_terminal(why));
    if (!to_type.empty()) fmt::print("    type: {}\n", for_terminal(to_type));
  }
  fmt::print("findings {} errors {}\n", found.size(), errors);
  return errors > 0 ? exit_error_found : 0;
}

}  // namespace jeton::cli
