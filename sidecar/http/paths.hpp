// Every path of both doors: the one method it takes, and whether it is there over TCP.
#pragma once

#include <optional>
#include <string_view>

namespace jeton {

struct KnownPath {
  std::string_view method;  ///< a HEAD is a GET by the time anybody looks here
  bool over_network;
};

/// Of a target without a query; none: there is no such path. What a path names (a call, a tile, an agent) may be
/// nothing that exists.
[[nodiscard]] std::optional<KnownPath> known_path(std::string_view target);

/// The method that a path takes and that this request does not have (RFC 9110 section 15.5.6); none where the method is
/// right or there is no such path.
[[nodiscard]] std::optional<std::string_view> method_instead(std::string_view method, std::string_view target);

}  // namespace jeton
