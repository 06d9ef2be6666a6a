// Which URLs this daemon asks at all: read here, strictly, before any library reads them its own way.
#include "outbound/fetch.hpp"

#include <algorithm>
#include <array>

namespace jeton {
namespace {

constexpr std::size_t url_bytes_max = 2048;
constexpr std::string_view letters_and_digits = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
constexpr std::array<std::string_view, 3> this_machine{"localhost", "127.0.0.1", "[::1]"};

bool consists_of(std::string_view text, std::string_view allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}

bool is_port(std::string_view text) {
  return consists_of(text, "0123456789") && text.size() <= 5 && std::stoi(std::string(text)) <= 65535;
}

bool is_host(std::string_view host) {
  if (host.starts_with('['))
    return host.ends_with(']') && consists_of(host.substr(1, host.size() - 2), "0123456789abcdefABCDEF:.");
  return consists_of(host, std::string(letters_and_digits) + "._-");
}

}  // namespace

bool may_be_fetched(std::string_view url) {
  if (url.size() > url_bytes_max) return false;
  if (!std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c <= '~'; })) return false;
  if (url.find_first_of("#\"<>\\^`{|}") != url.npos) return false;
  const std::string_view scheme = url.starts_with("https://") ? "https://" : "http://";
  if (!url.starts_with(scheme)) return false;
  const auto rest = url.substr(scheme.size());
  const auto authority = rest.substr(0, rest.find_first_of("/?"));
  const auto host_ends = authority.starts_with('[') ? authority.find(']') + 1 : authority.find(':');
  const auto host = authority.substr(0, host_ends);
  if (!is_host(host)) return false;
  if (host.size() < authority.size() && (authority[host.size()] != ':' || !is_port(authority.substr(host.size() + 1))))
    return false;
  return scheme == "https://" || std::find(this_machine.begin(), this_machine.end(), host) != this_machine.end();
}

}  // namespace jeton
