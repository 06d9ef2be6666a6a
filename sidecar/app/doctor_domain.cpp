// Whether others can pin this daemon's trust domain, and for how long still.
#include <fmt/core.h>

#include "app/doctor.hpp"

namespace jeton {

Diagnoses examine_domain(const Json& status, std::int64_t now_s) {
  const auto domain = status.value("domain", Json::object());
  if (!domain.is_object() || domain.empty()) return {};
  const auto ends_at = domain.value("certificate_ends_at", std::int64_t{0});
  const auto date = date_of(ends_at);
  if (const auto fault = domain.value("fault", std::string()); !fault.empty()) {
    const auto cut = fault.find("; ");
    return {{Urgency::error, "STATE/domain.cert certifies nothing: " + fault.substr(0, cut),
             "who pins the domain's key refuses every token of this daemon",
             cut == fault.npos ? "jeton domain request" : fault.substr(cut + 2)}};
  }
  if (ends_at == 0)
    return {{Urgency::note, "no domain certificate is installed", "verifiers have to be given this daemon's own keys",
             "jeton domain request, and  jeton domain sign  where the domain's key is kept"}};
  if (ends_at - now_s < ends_soon_s)
    return {{Urgency::warning, fmt::format("the domain certificate ends on {}", date),
             "from then on who pins the domain's key refuses every token of this daemon",
             "jeton domain request, and have that signed again"}};
  return {{Urgency::note, fmt::format("the domain certificate is good until {}", date),
           "verifiers pin the domain's key and accept this daemon", "jeton status"}};
}

}  // namespace jeton
