// libcurl, brought in when something is first to be fetched: whoever asks nobody maps none of it.
#pragma once

#include <curl/curl.h>

#include "jeton/error.hpp"

namespace jeton {

/// The functions of libcurl that are used. With it come some thirty libraries (Kerberos, LDAP, a second TLS), which a
/// daemon without a URL in its configuration and a command that only reads the log have no business to start with.
struct CurlLibrary {
  decltype(&::curl_version_info) version_info;
  decltype(&::curl_global_init) global_init;
  decltype(&::curl_easy_init) easy_init;
  decltype(&::curl_easy_cleanup) easy_cleanup;
  decltype(&::curl_easy_reset) easy_reset;
  decltype(&::curl_easy_setopt) easy_setopt;
  decltype(&::curl_easy_perform) easy_perform;
  decltype(&::curl_easy_getinfo) easy_getinfo;
  decltype(&::curl_easy_strerror) easy_strerror;
  decltype(&::curl_slist_append) slist_append;
  decltype(&::curl_slist_free_all) slist_free_all;
};

/// Loads it and readies it, once for the life of the process; before the first thread, and before files and system
/// calls are given up. internal: it is not installed, or does not start.
[[nodiscard]] Result<const CurlLibrary*> load_curl();

}  // namespace jeton
