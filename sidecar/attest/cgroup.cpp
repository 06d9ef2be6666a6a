// Reads the one part of a cgroup path that only systemd can have made: slices, then a service.
#include "attest/cgroup.hpp"

#include <algorithm>

namespace jeton {
namespace {

constexpr std::string_view slice_suffix = ".slice";
constexpr std::string_view service_suffix = ".service";
constexpr std::size_t unit_name_max = 255;  // systemd's UNIT_NAME_MAX without the final NUL

bool is_unit_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view(":-_.\\@").find(c) != std::string_view::npos;
}

/// The part of `text` up to `separator`, which is taken off its front together with the separator.
std::string_view take_until(std::string_view& text, char separator) {
  const auto end = std::min(text.find(separator), text.size());
  const auto head = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return head;
}

/// A line is hierarchy:controllers:path; only the path may hold further colons.
std::optional<std::string_view> path_in_hierarchy(std::string_view text, std::string_view id,
                                                  std::string_view controllers) {
  while (!text.empty()) {
    auto line = take_until(text, '\n');
    const auto line_id = take_until(line, ':');
    const auto line_controllers = take_until(line, ':');
    if (line_controllers == controllers && (id.empty() || line_id == id)) return line;
  }
  return std::nullopt;
}

/// systemd puts one "_" before a name that cgroupfs could take for a file of its own.
std::string_view unescape(std::string_view component) {
  if (component.starts_with('_')) component.remove_prefix(1);
  return component;
}

/// a-b.slice lies in a.slice and nowhere else, so a path that breaks the rule was not laid out by systemd.
bool is_slice_below(std::string_view parent, std::string_view slice) {
  if (!parent.empty()) {
    if (!slice.starts_with(parent) || !slice.substr(parent.size()).starts_with('-')) return false;
    slice.remove_prefix(parent.size() + 1);
  }
  return !slice.empty() && slice.find('-') == std::string_view::npos;
}

std::optional<std::string> unit_of_path(std::string_view path) {
  if (!path.starts_with('/')) return std::nullopt;
  path.remove_prefix(1);
  std::string_view parent;
  while (!path.empty()) {
    auto name = unescape(take_until(path, '/'));
    if (is_service_name(name)) return std::string(name);
    if (!name.ends_with(slice_suffix)) return std::nullopt;
    name.remove_suffix(slice_suffix.size());
    if (!is_slice_below(parent, name)) return std::nullopt;
    parent = name;
  }
  return std::nullopt;
}

}  // namespace

bool is_service_name(std::string_view name) {
  if (!name.ends_with(service_suffix) || name.size() == service_suffix.size()) return false;
  if (name.size() > unit_name_max || name.front() == '@') return false;
  return std::all_of(name.begin(), name.end(), is_unit_character);
}

std::optional<std::string> unit_of_cgroup(std::string_view proc_cgroup) {
  const auto unified = path_in_hierarchy(proc_cgroup, "0", "");
  const auto legacy = path_in_hierarchy(proc_cgroup, "", "name=systemd");
  if (!unified || unified == "/") return legacy ? unit_of_path(*legacy) : std::nullopt;
  const auto unit = unit_of_path(*unified);
  // On a hybrid machine systemd keeps both trees alike; where they differ, one of them is not its work.
  if (legacy && legacy != "/" && unit_of_path(*legacy) != unit) return std::nullopt;
  return unit;
}

}  // namespace jeton
