// dlopen of the one soname that the headers belong to, and its functions by name.
#include "outbound/curl_library.hpp"

#include <dlfcn.h>
#include <fmt/core.h>

namespace jeton {
namespace {

constexpr const char* soname = "libcurl.so.4";
constexpr unsigned oldest = 0x07'55'00;  ///< 7.85 takes the names of protocols

template <class Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  return function != nullptr;
}

bool find_all(void* library, CurlLibrary& curl) {
  return find(library, "curl_version_info", curl.version_info) && find(library, "curl_global_init", curl.global_init) &&
         find(library, "curl_easy_init", curl.easy_init) && find(library, "curl_easy_cleanup", curl.easy_cleanup) &&
         find(library, "curl_easy_reset", curl.easy_reset) && find(library, "curl_easy_setopt", curl.easy_setopt) &&
         find(library, "curl_easy_perform", curl.easy_perform) &&
         find(library, "curl_easy_getinfo", curl.easy_getinfo) &&
         find(library, "curl_easy_strerror", curl.easy_strerror) &&
         find(library, "curl_slist_append", curl.slist_append) &&
         find(library, "curl_slist_free_all", curl.slist_free_all);
}

Result<const CurlLibrary*> load() {
  // Never closed: what it started stays.
  void* library = ::dlopen(soname, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    return refuse(Code::internal, fmt::format("the configuration has a URL, and libcurl cannot be loaded to fetch it "
                                              "({}); install libcurl4",
                                              ::dlerror()));
  static CurlLibrary curl{};
  if (!find_all(library, curl) || curl.version_info(CURLVERSION_NOW)->version_num < oldest)
    return refuse(Code::internal, fmt::format("{} is older than 7.85; install a later libcurl4", soname));
  if (curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
    return refuse(Code::internal, fmt::format("{} does not start; install libcurl4 of this system anew", soname));
  return &curl;
}

}  // namespace

Result<const CurlLibrary*> load_curl() {
  static const auto loaded = load();
  return loaded;
}

}  // namespace jeton
