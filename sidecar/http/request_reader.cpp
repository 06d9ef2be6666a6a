// Beast's parser, and the limits and refusals it does not know of. The one file of the sidecar that includes Beast.
#include "http/request_reader.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>

namespace jeton {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t read_ahead_bytes = 8 * 1024;

Error fault_of(const boost::system::error_code& error, RequestReader::Sender sender) {
  if (error == http::error::body_limit && sender == RequestReader::Sender::stranger)
    return {Code::unknown_agent, "this account matches no agent, server or operator"};
  if (error == http::error::body_limit && sender == RequestReader::Sender::unproved)
    return {Code::bad_request,
            "the body is larger than 64 KiB, the most from a client whose proof is in it; "
            "send args_digest in the place of arguments, or show a client certificate"};
  if (error == http::error::body_limit) return {Code::bad_request, "the body is larger than limits.body_bytes"};
  if (error == http::error::header_limit) return {Code::bad_request, "the header is larger than limits.header_bytes"};
  return {Code::bad_request, "not HTTP/1.1: " + error.message()};
}

}  // namespace

struct RequestReader::Parser : http::request_parser<http::string_body> {
  /// The last chunk ends no sooner than "0 CRLF CRLF". Shown a piece of it twice, the parser meets an assertion of its
  /// own.
  [[nodiscard]] bool may_end(std::size_t bytes) const {
    constexpr std::size_t last_chunk_bytes = 5;
    return !is_header_done() || !chunked() || bytes >= last_chunk_bytes;
  }
  /// RFC 9112 section 6.3: where a body of another coding ends is anybody's guess, and a request might be hidden in it.
  /// Nor is a body taken for what it is not: "gzip, chunked" has a clear end and would have to be unpacked.
  [[nodiscard]] bool has_clear_end() const {
    const auto codings = get().count(http::field::transfer_encoding);
    if (codings == 0) return true;
    return codings == 1 && get().version() == 11 &&
           boost::beast::iequals(get()[http::field::transfer_encoding], "chunked");
  }
};

RequestReader::RequestReader(const Limits& limits, std::string room)
    : limits_(limits), parser_(std::make_unique<Parser>()) {
  room.clear();
  // Not that of a large body: many connections stay open.
  if (room.capacity() <= read_ahead_bytes) parser_->get().body() = std::move(room);
  parser_->header_limit(static_cast<std::uint32_t>(limits.header_bytes));
  parser_->body_limit(limits.body_bytes);
  parser_->eager(true);
}

RequestReader::~RequestReader() = default;

std::size_t RequestReader::feed(std::string_view bytes) {
  if (bytes.empty() || fault_ || done()) return 0;
  boost::system::error_code error;
  const auto taken =
      parser_->may_end(bytes.size()) ? parser_->put(boost::asio::buffer(bytes.data(), bytes.size()), error) : 0;
  if (parser_->is_done()) {
    if (!parser_->has_clear_end())
      fault_.emplace(Error{Code::bad_request, "Transfer-Encoding must be chunked and nothing else"});
    return taken;
  }
  // Bodies are taken as they come. What stays is a header, a chunk's extension or a trailer, and only the first of them
  // the parser itself keeps within bounds.
  if (bytes.size() - taken > limits_.header_bytes + read_ahead_bytes) error = http::error::header_limit;
  if (error && error != http::error::need_more) fault_ = fault_of(error, limits_.sender);
  return taken;
}

bool RequestReader::done() const { return parser_->is_done() && !fault_; }

Request RequestReader::take() {
  auto& message = parser_->get();
  const auto all_of = [&message](http::field name) {
    std::vector<std::string> values;
    const auto [first, last] = message.equal_range(name);
    for (auto field = first; field != last; ++field) values.emplace_back(field->value());
    return values;
  };
  // RFC 9110 section 5.2.
  const auto joined = [&all_of](http::field name) { return fmt::format("{}", fmt::join(all_of(name), ", ")); };
  // RFC 9110 section 9.3.2: the same question, and the whole answer but for its body.
  return {is_head() ? "GET" : std::string(message.method_string()),
          std::string(message.target()),
          std::string(message[http::field::content_type]),
          std::move(message.body()),
          joined(http::field::host),
          joined(http::field::origin),
          all_of(http::field::authorization)};
}

std::string RequestReader::target() const { return std::string(parser_->get().target()); }
bool RequestReader::keep_alive() const { return parser_->keep_alive(); }
bool RequestReader::is_head() const { return parser_->get().method() == http::verb::head; }

std::string bytes_of(const Response& response, bool keep_alive, const std::string& request_id, bool with_body) {
  // RFC 6749 section 5.1 still asks for Pragma.
  const auto* caching = response.may_cache ? "max-age=60" : "no-store\r\nPragma: no-cache";
  std::string bytes;
  bytes.reserve(256 + response.body.size());
  fmt::format_to(
      std::back_inserter(bytes),
      "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nCache-Control: {}\r\nX-Request-Id: {}\r\n{}{}{}Content-Length: {}\r\n\r\n",
      response.status,
      std::string_view(http::obsolete_reason(http::int_to_status(static_cast<unsigned>(response.status)))),
      response.content_type, caching, request_id, keep_alive ? "" : "Connection: close\r\n",
      response.challenge ? fmt::format("WWW-Authenticate: {}\r\n", *response.challenge) : "",
      response.allow ? fmt::format("Allow: {}\r\n", *response.allow) : "", response.body.size());
  if (with_body) bytes += response.body;
  return bytes;
}

}  // namespace jeton
