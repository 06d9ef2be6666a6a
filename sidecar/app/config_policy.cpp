// What each key of [policy] may say.
#include "app/config_policy.hpp"

#include <algorithm>

#include "outbound/fetch.hpp"

namespace jeton {

namespace {

/// What follows the host; empty for a url without a path.
std::string_view path_of(std::string_view url) {
  const auto host = url.find("://");
  const auto path = host == url.npos ? url.npos : url.find('/', host + 3);
  return path == url.npos ? std::string_view() : url.substr(path);
}

bool is_file(std::string_view text) {
  return text.starts_with('/') && !text.ends_with('/') && text.size() < 4096 &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= ' ' && c != 0x7F; });
}

std::string read_url(const ConfigSection& section, EngineKind kind) {
  const auto text = section.text("url");
  if (!text) return {};
  if (!may_be_fetched(*text)) {
    section.mistake("url", "is no url to ask; write https://HOST/PATH, or http:// where HOST is this machine");
  } else if (kind == EngineKind::opa && path_of(*text).find("/v1/data/") == std::string_view::npos) {
    section.mistake("url",
                    "is no rule of OPA's; write the rule's path too, such as "
                    "\"http://127.0.0.1:8181/v1/data/jeton/decision\"");
  } else if (path_of(*text).size() <= 1) {
    section.mistake("url",
                    "names no endpoint; write its path too, such as "
                    "\"https://pdp.example/access/v1/evaluation\"");
  }
  return *text;
}

std::optional<std::string> read_file_name(const ConfigSection& section, std::string_view key) {
  auto text = section.text(key);
  if (text && !is_file(*text))
    section.mistake(key, "is no file's absolute path; write one, such as \"/etc/jeton/pdp\"");
  return text;
}

}  // namespace

std::string EngineConfig::host() const {
  const auto begin = url.find("://") + 3;
  return url.substr(begin, url.find('/', begin) - begin);
}

EngineConfig read_policy(const ConfigSection& section) {
  EngineConfig engine;
  const auto kind = section.text("engine");
  if (kind && *kind != "authzen" && *kind != "opa")
    section.mistake("engine", "is no kind of engine; write \"authzen\" or \"opa\"");
  if (kind == "opa") engine.kind = EngineKind::opa;
  engine.url = read_url(section, engine.kind);
  engine.timeout_ms = section.integer_or("timeout_ms", engine.timeout_ms);
  engine.token_file = read_file_name(section, "token_file");
  engine.ca_file = read_file_name(section, "ca_file");
  engine.send_arguments = section.flag("send_arguments");
  return engine;
}

}  // namespace jeton
