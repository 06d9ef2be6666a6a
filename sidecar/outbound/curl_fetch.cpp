// One request with libcurl, with everything off that could make it go elsewhere, bring more, or take longer.
#include "outbound/curl_fetch.hpp"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <mutex>
#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "jeton/secret.hpp"
#include "outbound/curl_library.hpp"

namespace jeton {
namespace {

constexpr std::size_t header_bytes_max = 64 * 1024;
constexpr std::size_t idle_handles_max = 8;

/// Whoever has something of it has loaded it.
const CurlLibrary& curl() { return **load_curl(); }

struct Cleanup {
  void operator()(CURL* handle) const { curl().easy_cleanup(handle); }
  /// A header may carry a bearer token, and libcurl frees its copy as it is.
  void operator()(curl_slist* list) const {
    for (auto* line = list; line != nullptr; line = line->next)
      wipe({reinterpret_cast<unsigned char*>(line->data), std::strlen(line->data)});
    curl().slist_free_all(list);
  }
};
using Handle = std::unique_ptr<CURL, Cleanup>;
using HeaderList = std::unique_ptr<curl_slist, Cleanup>;

/// What comes in, and why it was stopped.
struct Incoming {
  std::size_t bytes_max;
  std::string body;
  std::size_t header_bytes = 0;
  bool too_large = false;
};

/// What a callback returns that is not the bytes it was given ends the transfer.
constexpr std::size_t stop = 0;

std::size_t take_body(const char* data, std::size_t, std::size_t size, void* to) noexcept {
  auto& incoming = *static_cast<Incoming*>(to);
  if (size > incoming.bytes_max - incoming.body.size()) {
    incoming.too_large = true;
    return stop;
  }
  try {
    incoming.body.append(data, size);
    return size;
  } catch (const std::bad_alloc&) {
    return stop;
  }
}

std::size_t count_header(const char*, std::size_t, std::size_t size, void* to) noexcept {
  auto& incoming = *static_cast<Incoming*>(to);
  incoming.header_bytes += size;
  if (incoming.header_bytes <= header_bytes_max) return size;
  incoming.too_large = true;
  return stop;
}

std::string_view without_query(std::string_view url) { return url.substr(0, url.find('?')); }

/// "Application/JSON; charset=utf-8" → "application/json".
std::string media_type(const char* header) {
  std::string type = header == nullptr ? "" : header;
  type.erase(std::min(type.find(';'), type.size()));
  while (!type.empty() && type.back() == ' ') type.pop_back();
  std::transform(type.begin(), type.end(), type.begin(), [](unsigned char c) { return std::tolower(c); });
  return type;
}

std::string accepted(const FetchLimits& limits) {
  return limits.content_types.empty() ? "*/*" : fmt::format("{}", fmt::join(limits.content_types, ", "));
}

/// What would end the line would begin a header of somebody else's choice.
bool is_one_line(const HttpHeader& header) {
  const auto breaks = [](unsigned char c) { return c < ' ' || c == 0x7F; };
  return std::none_of(header.first.begin(), header.first.end(), breaks) &&
         std::none_of(header.second.begin(), header.second.end(), breaks);
}

/// An option that libcurl does not know would leave its default in place, and the defaults are those of a browser.
template <class Value>
void set(CURL* handle, CURLoption option, Value value) {
  if (const auto failed = curl().easy_setopt(handle, option, value); failed != CURLE_OK)
    throw std::runtime_error(
        fmt::format("libcurl refuses option {}: {}", static_cast<int>(option), curl().easy_strerror(failed)));
}

void forbid(CURL* handle, const std::string& url) {
  set(handle, CURLOPT_PROTOCOLS_STR, url.starts_with("https://") ? "https" : "http");
  set(handle, CURLOPT_FOLLOWLOCATION, 0L);
  set(handle, CURLOPT_REDIR_PROTOCOLS_STR, "https");
  set(handle, CURLOPT_PROXY, "");
  set(handle, CURLOPT_NOPROXY, "*");
  set(handle, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(handle, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_NONE));
  set(handle, CURLOPT_HTTP09_ALLOWED, 0L);
  set(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(handle, CURLOPT_NOSIGNAL, 1L);
}

void require_tls(CURL* handle, const std::string& authorities) {
  set(handle, CURLOPT_SSL_VERIFYPEER, 1L);
  set(handle, CURLOPT_SSL_VERIFYHOST, 2L);
  set(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (authorities.empty()) return;
  set(handle, CURLOPT_CAINFO, authorities.c_str());
  set(handle, CURLOPT_CAPATH, static_cast<const char*>(nullptr));  // the system's are not believed as well
}

void limit(CURL* handle, const FetchLimits& limits, Incoming& incoming) {
  set(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limits.connect_ms));
  set(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(limits.timeout_ms));
  // A resolver that hangs is left to end by itself; waiting for it would outlast every timeout.
  set(handle, CURLOPT_QUICK_EXIT, 1L);
  set(handle, CURLOPT_WRITEFUNCTION, &take_body);
  set(handle, CURLOPT_WRITEDATA, static_cast<void*>(&incoming));
  set(handle, CURLOPT_HEADERFUNCTION, &count_header);
  set(handle, CURLOPT_HEADERDATA, static_cast<void*>(&incoming));
}

void append(HeaderList& list, std::string_view name, std::string_view value) {
  std::string line;
  line.reserve(name.size() + 2 + value.size());  // or growing would leave a copy behind
  line.append(name).append(": ").append(value);
  auto* longer = curl().slist_append(list.get(), line.c_str());
  wipe(line);
  if (longer == nullptr) throw std::bad_alloc();
  (void)list.release();
  list.reset(longer);
}

Error failure(CURLcode how, const std::string& url, const FetchLimits& limits, const Incoming& incoming) {
  const auto where = without_query(url);
  if (incoming.too_large)
    return {Code::internal, fmt::format("{} answers with more than {} bytes", where, limits.bytes)};
  if (how == CURLE_OPERATION_TIMEDOUT)
    return {Code::overloaded, fmt::format("{} did not answer within {} ms", where, limits.timeout_ms)};
  if (how == CURLE_PEER_FAILED_VERIFICATION)
    return {Code::internal, fmt::format("{} shows a certificate that is not believed", where)};
  return {Code::overloaded, fmt::format("{} cannot be asked: {}", where, curl().easy_strerror(how))};
}

Result<std::string> judged(CURL* handle, const std::string& url, const FetchLimits& limits, Incoming incoming) {
  const auto where = without_query(url);
  long status = 0;
  curl().easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  if (status >= 300 && status < 400)
    return refuse(Code::internal, fmt::format("{} answers {}, and no redirect is followed", where, status));
  if (status != 200) return refuse(Code::internal, fmt::format("{} answers {}", where, status));
  const char* header = nullptr;
  curl().easy_getinfo(handle, CURLINFO_CONTENT_TYPE, &header);
  const auto& wanted = limits.content_types;
  if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), media_type(header)) == wanted.end())
    return refuse(Code::internal, fmt::format("{} answers with another content type than {}", where, wanted.front()));
  return std::move(incoming.body);
}

class CurlFetch final : public Fetch {
 public:
  Result<std::string> fetch(const std::string& url, const FetchLimits& limits) override {
    return send(url, nullptr, {}, limits);
  }

  Result<std::string> post_json(const std::string& url, const std::string& body, const std::vector<HttpHeader>& headers,
                                const FetchLimits& limits) override {
    return send(url, &body, headers, limits);
  }

 private:
  Result<std::string> send(const std::string& url, const std::string* body, const std::vector<HttpHeader>& headers,
                           const FetchLimits& limits) {
    if (!may_be_fetched(url))
      return refuse(Code::bad_request,
                    fmt::format("{} is not asked: write https, or http on this machine", without_query(url)));
    if (!std::all_of(headers.begin(), headers.end(), is_one_line))
      return refuse(Code::bad_request, "a header of a request has a line break in it");
    auto handle = take();
    Incoming incoming{limits.bytes, {}};
    set(handle.get(), CURLOPT_URL, url.c_str());
    forbid(handle.get(), url);
    require_tls(handle.get(), limits.authorities);
    limit(handle.get(), limits, incoming);
    HeaderList list;
    for (const auto& [name, value] : headers) append(list, name, value);
    append(list, "Accept", accepted(limits));
    if (body != nullptr) {
      append(list, "Content-Type", "application/json");
      append(list, "Expect", "");  // no round trip to ask whether it may be sent
      set(handle.get(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body->size()));
      set(handle.get(), CURLOPT_POSTFIELDS, body->c_str());
    }
    set(handle.get(), CURLOPT_HTTPHEADER, list.get());
    const auto how = curl().easy_perform(handle.get());
    auto answer = how == CURLE_OK ? judged(handle.get(), url, limits, std::move(incoming))
                                  : refuse(failure(how, url, limits, incoming));
    put_back(std::move(handle));
    return answer;
  }

  Handle take() {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        auto handle = std::move(idle_.back());
        idle_.pop_back();
        return handle;
      }
    }
    Handle handle(curl().easy_init());
    if (!handle) throw std::bad_alloc();
    return handle;
  }

  /// Without its options, which point into the request that is over; its connection stays for the next one.
  void put_back(Handle handle) {
    curl().easy_reset(handle.get());
    const std::lock_guard lock(mutex_);
    if (idle_.size() < idle_handles_max) idle_.push_back(std::move(handle));
  }

  std::mutex mutex_;
  std::vector<Handle> idle_;
};

}  // namespace

Result<std::unique_ptr<Fetch>> make_curl_fetch() {
  if (const auto loaded = load_curl(); !loaded) return refuse(loaded.error());
  return std::make_unique<CurlFetch>();
}

}  // namespace jeton
