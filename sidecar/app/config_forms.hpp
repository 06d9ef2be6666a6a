// What texts of a configuration may look like, and what they may refer to.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "app/config_section.hpp"

namespace jeton {

inline bool is_visible(char c) { return c > ' ' && c <= '~'; }

inline bool is_control(char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; }

inline bool is_absolute_path(std::string_view text) {
  return text.starts_with('/') && !text.ends_with('/') && text.size() < 4096 &&
         std::none_of(text.begin(), text.end(), is_control);
}

/// Up to 128 characters that a person can read in a message.
inline bool is_entry_name(std::string_view text) {
  return !text.empty() && text.size() <= 128 && std::all_of(text.begin(), text.end(), is_visible);
}

/// The key's text when it is given and `is_valid`; a mistake and nothing otherwise.
template <class Check>
std::optional<std::string> text_that(Check is_valid, const ConfigSection& section, std::string_view key,
                                     std::string_view what) {
  auto text = section.text(key);
  if (!text || is_valid(*text)) return text;
  section.mistake(key, std::string(what));
  return std::nullopt;
}

template <class Entry>
bool is_taken(const std::vector<Entry>& entries, std::string Entry::*name, const std::string& text) {
  return std::any_of(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.*name == text; });
}

/// "is not configured; write "billing" if that is meant, or add [[agent]]": guessed from the configured names alone.
template <class Entry>
std::string not_configured(const std::vector<Entry>& entries, std::string Entry::*name, const std::string& text,
                           std::string_view section) {
  std::vector<std::string_view> configured;
  for (const auto& entry : entries) configured.push_back(entry.*name);
  const auto near = nearest(text, configured);
  return near ? fmt::format("is not configured; write \"{}\" if that is meant, or add [[{}]]", *near, section)
              : fmt::format("is not configured; add [[{}]] for it", section);
}

/// The text of `key`, which is also the section of the entry that it names.
template <class Entry>
std::string read_reference(const ConfigSection& section, std::string_view key, const std::vector<Entry>& entries,
                           std::string Entry::*name) {
  auto text = section.text(key);
  if (!text) return {};
  if (is_taken(entries, name, *text)) return *std::move(text);
  section.mistake(key, not_configured(entries, name, *text, key));
  return {};
}

}  // namespace jeton
