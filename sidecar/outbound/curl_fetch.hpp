// The adapter of Fetch over libcurl.
#pragma once

#include <memory>

#include "outbound/fetch.hpp"

namespace jeton {

/// Make it before the first thread and where something is to be fetched at all: it loads libcurl, which then stays for
/// the life of the process; internal where that cannot be. Connections are kept for the next request. TLS 1.2 or later
/// with the server's certificate checked; no redirect is followed, no proxy, cookie, netrc file or environment
/// believed.
[[nodiscard]] Result<std::unique_ptr<Fetch>> make_curl_fetch();

}  // namespace jeton
