// Names of what happened, and the leaf bytes rebuilt from an event's members.
#include "jeton/event.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "core/json_rules.hpp"

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
constexpr std::array<std::string_view, 9> verb_names{"",       "open",    "mint",    "redeem", "finish",
                                                     "revoke", "request", "disable", "enable"};
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

/// Appends one member's value in canonical form. An event's texts were checked on their way in; one that is no clean
/// text now is a mistake of ours, or a row that somebody edited.
void put(std::string& out, std::string_view text) {
  if (!is_clean_text(text)) throw std::logic_error("an event has no canonical form: a text is not clean");
  append_quoted(out, text);
}
template <class Integer>
requires std::is_integral_v<Integer>
void put(std::string& out, Integer number) {
  if (!is_clean_number(number)) throw std::logic_error("an event has no canonical form: a number is too large");
  std::array<char, 24> digits;
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
}
void put(std::string& out, bool value) { out += value ? "true" : "false"; }
void put(std::string& out, const std::string& value) { put(out, std::string_view(value)); }
void put(std::string& out, const Sha256& value) { ((out += '"') += hex(value)) += '"'; }
template <class Tag>
void put(std::string& out, const Id<Tag>& value) {
  ((out += '"') += value.text()) += '"';
}
template <class Enum>
requires std::is_enum_v<Enum>
void put(std::string& out, Enum value) { ((out += '"') += name_of(value)) += '"'; }

/// `event`, `time_us` and every member, as places in the order RFC 8785 wants: by name.
const std::vector<std::size_t>& sorted_places() {
  static const std::vector<std::size_t> places = [] {
    std::vector<std::string_view> names{"event", "time_us"};
    const Event none;
    for_each_member(none, [&names](const char* name, const auto&, auto...) { names.emplace_back(name); });
    std::vector<std::size_t> order(names.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&names](auto a, auto b) { return names[a] < names[b]; });
    return order;
  }();
  return places;
}

/// The leaf without a tree of JSON values in between: this runs for every event that is written or verified. Members
/// are written one after the other as they come, and put together in order at the end.
void write_leaf(const Event& event, std::string& out) {
  struct Piece {
    std::size_t begin, end;
  };
  thread_local std::string text;
  thread_local std::vector<Piece> pieces;
  text.clear();
  pieces.clear();
  const auto add = [](std::string_view name, const auto* value) {
    const auto begin = text.size();
    if (value != nullptr) {
      ((text += ",\"") += name) += "\":";
      put(text, *value);
    }
    pieces.push_back({begin, text.size()});
  };
  add("event", &event.kind);
  add("time_us", &event.time_us);
  for_each_member(event,
                  [&add](const char* name, const auto& member, auto...) { add(name, member ? &*member : nullptr); });
  const auto begin = out.size();
  for (const auto place : sorted_places())
    out.append(text, pieces[place].begin, pieces[place].end - pieces[place].begin);
  out[begin] = '{';  // in the place of the first comma
  out += '}';
}

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
  std::string bytes;
  write_leaf(event, bytes);
  return bytes;
}

Sha256 leaf_hash(const Event& event) {
  thread_local std::string prefixed;
  prefixed.assign(1, '\0');
  write_leaf(event, prefixed);
  return sha256(prefixed);
}

Sha256 hash_of_leaf(std::string_view leaf) {
  std::string prefixed(1, '\0');
  prefixed += leaf;
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
