// What a request over TCP must say before anything else of it is looked at: which host it is for, and from whose page.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace jeton {

/// A page of somebody else's, loaded in a browser on this machine or in this network, can make that browser send
/// requests here, also under a name that was made to resolve to us (DNS rebinding). It can change neither Host nor
/// Origin.
class NetworkRules {
 public:
  NetworkRules() = default;
  /// `issuer` is an http or https URL; of any other there is no host but the address that was asked for.
  explicit NetworkRules(std::string_view issuer);

  struct Refused {
    Error error;
    int status;
  };
  /// `came_to`: the address and port of this machine that the connection was made to. Leaves the path alone in an
  /// absolute target (RFC 9112 section 3.2.2), and of a path what is behind the issuer's own.
  [[nodiscard]] std::optional<Refused> screen(Request& request, std::string_view came_to) const;

  /// The path of a target of which nothing is known yet, for the words of its refusal: without host, issuer's path,
  /// query.
  [[nodiscard]] std::string path_asked(std::string_view target) const;

 private:
  [[nodiscard]] std::optional<Refused> leave_path(Request& request, std::string_view came_to) const;
  [[nodiscard]] bool is_ours(std::string_view authority, std::string_view came_to) const;

  std::string scheme_;
  std::string authority_;
  std::string path_;  ///< without a slash at its end
};

/// The paths there are over TCP. Of a request for any other nothing is looked at.
[[nodiscard]] bool serves_network(std::string_view target);

}  // namespace jeton
