// Names of what happened, and the leaf bytes rebuilt from an event's members.
#include "jeton/event.hpp"

#include <array>
#include <stdexcept>

namespace jeton {
namespace {

constexpr std::array kinds{EventKind::sidecar_started,     EventKind::sidecar_stopped,  EventKind::key_rotated,
                           EventKind::config_loaded,       EventKind::config_rejected,  EventKind::call_opened,
                           EventKind::token_minted,        EventKind::token_superseded, EventKind::token_redeemed,
                           EventKind::token_revoked,       EventKind::call_outcome,     EventKind::request_refused,
                           EventKind::refusals_suppressed, EventKind::agent_disabled,   EventKind::agent_enabled,
                           EventKind::session_opened,      EventKind::log_recovered,    EventKind::log_archived,
                           EventKind::federation_minted,   EventKind::clock_jumped};

constexpr std::array<std::string_view, 21> kind_names{"",
                                                      "sidecar.started",
                                                      "sidecar.stopped",
                                                      "key.rotated",
                                                      "config.loaded",
                                                      "config.rejected",
                                                      "call.opened",
                                                      "token.minted",
                                                      "token.superseded",
                                                      "token.redeemed",
                                                      "token.revoked",
                                                      "call.outcome",
                                                      "request.refused",
                                                      "refusals.suppressed",
                                                      "agent.disabled",
                                                      "agent.enabled",
                                                      "session.opened",
                                                      "log.recovered",
                                                      "log.archived",
                                                      "federation.minted",
                                                      "clock.jumped"};
constexpr std::array<std::string_view, 7> role_names{"", "agent", "server", "operator", "reviewer", "peer", "daemon"};
constexpr std::array<std::string_view, 7> verb_names{"", "open", "mint", "redeem", "finish", "revoke", "request"};
constexpr std::array<std::string_view, 6> outcome_names{"",          "ok",     "tool_error", "transport_error",
                                                        "cancelled", "unknown"};
constexpr std::array<std::string_view, 6> previous_names{"", "none", "unredeemed", "redeemed", "expired", "revoked"};
constexpr std::array<std::string_view, 3> receipt_names{"", "match", "mismatch"};

template <class Enum, std::size_t N>
std::string_view lookup(const std::array<std::string_view, N>& names, Enum value) {
  const auto index = static_cast<std::size_t>(value);
  if (index == 0 || index >= N) throw std::logic_error("a number that names nothing");
  return names[index];
}

Json as_json(const std::string& value) { return value; }
Json as_json(std::int64_t value) { return value; }
Json as_json(std::uint64_t value) { return value; }
Json as_json(bool value) { return value; }
Json as_json(const Sha256& value) { return hex(value); }
template <class Tag>
Json as_json(const Id<Tag>& value) {
  return value.text();
}
template <class Enum>
requires std::is_enum_v<Enum> Json as_json(Enum value) { return name_of(value); }

}  // namespace

std::string_view name_of(EventKind kind) { return lookup(kind_names, kind); }
std::string_view name_of(Role role) { return lookup(role_names, role); }
std::string_view name_of(Verb verb) { return lookup(verb_names, verb); }
std::string_view name_of(Outcome outcome) { return lookup(outcome_names, outcome); }
std::string_view name_of(Previous previous) { return lookup(previous_names, previous); }
std::string_view name_of(ReceiptCheck receipt) { return lookup(receipt_names, receipt); }

std::optional<Outcome> outcome_named(std::string_view name) {
  for (std::size_t i = 1; i < outcome_names.size(); ++i)
    if (outcome_names[i] == name) return static_cast<Outcome>(i);
  return std::nullopt;
}

std::span<const EventKind> all_event_kinds() { return kinds; }

Json leaf_json(const Event& event) {
  Json leaf = Json::object();
  leaf["event"] = name_of(event.kind);
  leaf["time_us"] = event.time_us;
  for_each_member(event, [&leaf](const char* name, const auto& member, auto...) {
    if (member) leaf[name] = as_json(*member);
  });
  return leaf;
}

std::string leaf_bytes(const Event& event) {
  auto bytes = canonical_json(leaf_json(event));
  // Everything in an event was checked on its way in; a failure here is a mistake of ours, never of a caller.
  if (!bytes) throw std::logic_error("an event has no canonical form: " + bytes.error().message);
  return std::move(*bytes);
}

Sha256 leaf_hash(const Event& event) {
  std::string prefixed(1, '\0');
  prefixed += leaf_bytes(event);
  return sha256(prefixed);
}

std::string escape_for_log(std::string_view name) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  out.reserve(name.size());
  for (const unsigned char c : name) {
    if (c >= '!' && c <= '~' && c != '%') {
      out.push_back(static_cast<char>(c));
    } else {
      out.push_back('%');
      out.push_back(hex[c >> 4]);
      out.push_back(hex[c & 15]);
    }
  }
  return out;
}

bool is_log_id(std::string_view text) {
  if (text.empty() || text.size() > 128) return false;
  for (const char c : text)
    if (c < '!' || c > '~') return false;
  return true;
}

}  // namespace jeton
