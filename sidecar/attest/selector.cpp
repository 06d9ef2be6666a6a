// Reads selectors strictly, so that a mistake is an error at start and not a rule that never matches.
#include "attest/selector.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>

#include "attest/cgroup.hpp"

namespace jeton {
namespace {

using Kind = Selector::Kind;

constexpr std::size_t max_shown = 80;
constexpr std::size_t max_path = 4095;
constexpr std::size_t max_socket_path = 107;  // sun_path without its final NUL
constexpr std::size_t sha256_digits = 64;

/// A value of a kind: how it is written, and the sentence for one that is not so.
struct KindFacts {
  Kind kind;
  std::string_view prefix;
  bool (*accepts)(std::string_view value);
  std::string_view expected;
};

bool is_id(std::string_view value) {
  std::uint32_t id = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), id);
  if (error != std::errc{} || end != value.data() + value.size()) return false;
  return (value == "0" || value.front() != '0') && id != std::numeric_limits<std::uint32_t>::max();
}

/// As the kernel prints paths; any other spelling could never be equal to one.
bool is_normal_path(std::string_view value) {
  if (value.size() < 2 || value.size() > max_path || value.front() != '/') return false;
  if (value.find('\0') != std::string_view::npos) return false;
  while (!value.empty()) {
    value.remove_prefix(1);
    const auto component = value.substr(0, value.find('/'));
    if (component.empty() || component == "." || component == "..") return false;
    value.remove_prefix(component.size());
  }
  return true;
}

bool is_socket_path(std::string_view value) { return value.size() <= max_socket_path && is_normal_path(value); }

bool is_sha256(std::string_view value) {
  return value.size() == sha256_digits && value.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

constexpr std::string_view id_expected = "write a decimal number from 0 to 4294967294 without leading zeros";

constexpr std::array<KindFacts, 6> kinds{{
    {Kind::uid, "unix:uid:", is_id, id_expected},
    {Kind::gid, "unix:gid:", is_id, id_expected},
    {Kind::path, "unix:path:", is_normal_path,
     "write the absolute path as readlink -f prints it, without . or .. or doubled slashes"},
    {Kind::sha256, "unix:sha256:", is_sha256, "write 64 lower-case hex digits, as sha256sum prints them"},
    {Kind::unit, "systemd:id:", is_service_name, "write the name of a system service, such as crm.service"},
    {Kind::socket, "jeton:socket:", is_socket_path,
     "write the absolute path of a socket, at most 107 bytes, without . or .. or doubled slashes"},
}};

const KindFacts& facts_of(Kind kind) { return kinds[static_cast<std::size_t>(kind)]; }

/// The text for a message: one line, whatever the file held.
std::string shown(std::string_view text) {
  std::string safe(text.substr(0, max_shown));
  std::replace_if(
      safe.begin(), safe.end(), [](unsigned char c) { return c < ' ' || c > '~'; }, '?');
  return '"' + safe + (text.size() > max_shown ? "...\"" : "\"");
}

bool tells_accounts_apart(const Selector& selector) {
  return selector.kind == Kind::uid || selector.kind == Kind::unit || selector.kind == Kind::socket;
}

std::string_view kind_name(Kind kind) {
  auto prefix = facts_of(kind).prefix;
  prefix.remove_suffix(1);
  return prefix;
}

}  // namespace

Result<Selector> Selector::parse(std::string_view text) {
  for (const auto& kind : kinds) {
    if (!text.starts_with(kind.prefix)) continue;
    const auto value = text.substr(kind.prefix.size());
    if (kind.accepts(value)) return Selector{kind.kind, std::string(value)};
    return refuse(Code::bad_request, "selector " + shown(text) + ": " + std::string(kind.expected));
  }
  return refuse(Code::bad_request, "selector " + shown(text) +
                                       " is of no known kind; write unix:uid:, unix:gid:, unix:path:, unix:sha256:, "
                                       "systemd:id: or jeton:socket: and a value");
}

std::string Selector::text() const { return std::string(facts_of(kind).prefix) + value; }

bool Selector::matches(const Caller& caller) const {
  switch (kind) {
    case Kind::uid: return std::to_string(caller.uid) == value;
    case Kind::gid: return std::to_string(caller.gid) == value;
    case Kind::path: return caller.exe == value;
    case Kind::sha256: return caller.sha256 == value;
    case Kind::unit: return caller.unit == value;
    case Kind::socket: return caller.socket == value;
  }
  return false;
}

Result<SelectorSet> SelectorSet::parse(const std::vector<std::string>& texts) {
  SelectorSet set;
  for (const auto& text : texts) {
    auto selector = Selector::parse(text);
    if (!selector) return refuse(std::move(selector.error()));
    const auto same_kind = [&](const Selector& other) { return other.kind == selector->kind; };
    if (std::any_of(set.selectors_.begin(), set.selectors_.end(), same_kind)) {
      return refuse(Code::bad_request, "all selectors of a match must hold, and two " +
                                           std::string(kind_name(selector->kind)) +
                                           " cannot; write one entry for each account");
    }
    set.selectors_.push_back(std::move(*selector));
  }
  if (!std::any_of(set.selectors_.begin(), set.selectors_.end(), tells_accounts_apart)) {
    return refuse(Code::bad_request,
                  "a match needs a unix:uid, a systemd:id or a jeton:socket; the other selectors only narrow it");
  }
  return set;
}

SelectorSet SelectorSet::of_uid(uid_t uid) {
  SelectorSet set;
  set.selectors_.push_back(Selector{Kind::uid, std::to_string(uid)});
  return set;
}

bool SelectorSet::matches(const Caller& caller) const {
  // A set that was never parsed holds nothing, and nothing must match nobody.
  return !selectors_.empty() && std::all_of(selectors_.begin(), selectors_.end(),
                                            [&](const Selector& selector) { return selector.matches(caller); });
}

bool SelectorSet::wants_sha256_of(const Caller& caller) const {
  if (caller.sha256) return false;
  const auto is_hash = [](const Selector& selector) { return selector.kind == Kind::sha256; };
  if (std::none_of(selectors_.begin(), selectors_.end(), is_hash)) return false;
  return std::all_of(selectors_.begin(), selectors_.end(),
                     [&](const Selector& selector) { return is_hash(selector) || selector.matches(caller); });
}

}  // namespace jeton
