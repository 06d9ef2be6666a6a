// The port of requests to other programs: the keys of an issuer, a decision of somebody else's policy.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "jeton/error.hpp"

namespace jeton {

/// What an answer may cost, what it may be, and who vouches for the server that gives it.
struct FetchLimits {
  std::size_t bytes = 1 << 20;      ///< of the body; the transfer ends with the first one beyond
  std::int64_t connect_ms = 1'500;  ///< the name, the connection and TLS
  std::int64_t timeout_ms = 3'000;  ///< all of it
  std::vector<std::string> content_types = {"application/json"};  ///< lower case, without parameters; empty: any
  std::string authorities = {};  ///< PEM file of those whose certificates are believed; empty: the system's
};

/// Name and value. A value may be a secret: it is in no message and no line of the log.
using HttpHeader = std::pair<std::string, std::string>;

/// Blocks, so it belongs on an errand's thread. Thread-safe. A refusal's message is for the operator and names the URL
/// without its query; whoever answers a request with it chooses the code. bad_request: `may_be_fetched` says no.
/// overloaded: nobody answered in time. internal: an answer, but not a 200 within the limits.
class Fetch {
 public:
  virtual ~Fetch() = default;

  /// The body of the 200 that a GET was answered with.
  [[nodiscard]] virtual Result<std::string> fetch(const std::string& url, const FetchLimits& limits) = 0;

  /// The same for a POST of this JSON text. It may arrive although an error says otherwise, and twice.
  [[nodiscard]] virtual Result<std::string> post_json(const std::string& url, const std::string& body,
                                                      const std::vector<HttpHeader>& headers,
                                                      const FetchLimits& limits) = 0;
};

/// https with a host, or http where the host is this machine: localhost, 127.0.0.1 or [::1]. No user name, no fragment,
/// visible ASCII, at most 2,048 bytes.
[[nodiscard]] bool may_be_fetched(std::string_view url);

}  // namespace jeton
