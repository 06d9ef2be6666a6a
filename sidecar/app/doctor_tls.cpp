// Whether those who connect over TLS will believe what they are shown, and for how long still.
#include <algorithm>
#include <cerrno>

#include <fmt/core.h>
#include <unistd.h>

#include "app/doctor.hpp"
#include "app/tls_files.hpp"

namespace jeton {
namespace {

bool is_address(const std::string& host) {
  return host.find(':') != host.npos || host.find_first_not_of("0123456789.") == host.npos;
}

/// "what; what to type" of files that cannot be used.
Diagnosis unusable(const std::string& message, const TlsFiles& files) {
  const auto cut = message.find("; ");
  auto to_type = cut == message.npos ? "ls -l " + files.certificate + ' ' + files.key : message.substr(cut + 2);
  return {Urgency::error, message.substr(0, cut), "jetond does not start with it, and keeps what it had at a reload",
          std::move(to_type)};
}

void examine_end(const std::string& file, std::int64_t ends_at, std::int64_t now_s, Diagnoses& found) {
  const auto* to_type = "get a new one from your authority, then  systemctl reload jetond";
  if (ends_at <= now_s)
    found.push_back({Urgency::error, fmt::format("the TLS certificate {} ended on {}", file, date_of(ends_at)),
                     "no client over the network believes it is this jetond", to_type});
  else if (ends_at - now_s < ends_soon_s)
    found.push_back({Urgency::warning, fmt::format("the TLS certificate {} ends on {}", file, date_of(ends_at)),
                     "from then on no client over the network believes it is this jetond", to_type});
}

}  // namespace

Diagnoses examine_tls(const Config& config, const Json& status, uid_t daemon_uid, std::int64_t now_s) {
  if (!config.tls) return {};
  const auto& files = *config.tls;
  if (::access(files.key.c_str(), R_OK) != 0 && errno == EACCES && ::geteuid() != daemon_uid)
    return {{Urgency::note, "this account may not read " + files.key, "nothing is known here of the TLS certificate",
             "sudo jeton doctor"}};
  const auto tls = load_tls(files, daemon_uid);
  if (!tls) return {unusable(tls.error().message, files)};

  Diagnoses found;
  examine_end(files.certificate, (*tls)->ends_at(), now_s, found);
  const auto host = config.issuer ? host_of(*config.issuer) : std::string();
  if (!host.empty() && !(*tls)->is_for(host))
    found.push_back(
        {Urgency::error, fmt::format("the TLS certificate {} is not for {}", files.certificate, host),
         "clients come to jetond by its issuer's name and refuse another's certificate",
         fmt::format("get one with {}:{} among its subject alternative names", is_address(host) ? "IP" : "DNS", host)});
  const auto shown = status.value("tls_certificate_ends_at", std::int64_t{0});
  if (shown != 0 && shown != (*tls)->ends_at())
    found.push_back({Urgency::warning,
                     fmt::format("jetond still shows a TLS certificate that ends on {}; the one in {} ends on {}",
                                 date_of(shown), files.certificate, date_of((*tls)->ends_at())),
                     "a new certificate is shown from a reload on", "systemctl reload jetond"});
  return found;
}

}  // namespace jeton
