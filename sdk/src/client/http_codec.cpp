// Parsing by Beast, so that a strange answer is only an error; no socket, no clock.
#include "jeton/http_codec.hpp"

#include <algorithm>

#include <fmt/core.h>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "jeton/secret.hpp"

namespace jeton {
namespace {

namespace http = boost::beast::http;
constexpr std::uint64_t answer_bytes_max = 4 << 20;

bool is_method(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}
bool is_target(std::string_view text) {
  return text.starts_with('/') && std::all_of(text.begin(), text.end(), [](char c) { return c >= '!' && c <= '~'; });
}

tl::unexpected<Error> not_http(const std::string& why) {
  return refuse(Code::sidecar_unavailable, "the sidecar's answer is not HTTP: " + why);
}

/// The member where it is a text; of another type it is as good as absent, whoever answered.
std::string text_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// RFC 9457 back into a refusal; what is not one of ours is no answer at all.
Error refusal_of(const HttpAnswer& answer) {
  const auto body = parse_json(answer.body, Code::sidecar_unavailable);
  if (body && body->is_object()) {
    const auto code = code_named(text_of(*body, "code"));
    if (code) {
      Error error{*code, text_of(*body, "detail")};
      if (const auto txn = body->find("txn"); txn != body->end() && txn->is_string())
        error.txn = txn->get<std::string>();
      if (const auto index = body->find("log_index"); index != body->end() && index->is_number_unsigned())
        error.log_index = index->get<std::uint64_t>();
      return error;
    }
  }
  return {Code::sidecar_unavailable, fmt::format("the sidecar answered {} without a code", answer.status)};
}

}  // namespace

Result<std::string> encode_request(std::string_view method, std::string_view target, std::string_view body) {
  if (!is_method(method)) return refuse(Code::bad_request, "a method is upper-case letters");
  if (!is_target(target)) return refuse(Code::bad_request, "a target is a path of visible ASCII");
  auto request = fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\n", method, target);
  if (!body.empty()) request += fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n", body.size());
  // In one piece: growing would leave a copy of the body behind that nobody wipes.
  request.reserve(request.size() + 2 + body.size());
  request += "\r\n";
  request += body;
  return request;
}

struct AnswerDecoder::Parser {
  http::response_parser<http::string_body> http;
  std::string pending;  // not yet understood: part of a header, or what came after the answer
  bool broken = false;

  Parser() {
    http.eager(true);
    http.body_limit(answer_bytes_max);
  }
  ~Parser() {
    wipe(pending);
    wipe(http.get().body());
  }
};

AnswerDecoder::AnswerDecoder() : parser_(std::make_unique<Parser>()) {}
AnswerDecoder::~AnswerDecoder() = default;
AnswerDecoder::AnswerDecoder(AnswerDecoder&&) noexcept = default;
AnswerDecoder& AnswerDecoder::operator=(AnswerDecoder&&) noexcept = default;

Result<AnswerDecoder::State> AnswerDecoder::feed(std::string_view bytes) {
  auto& parser = *parser_;
  if (parser.broken) return not_http("it was not before");
  parser.pending.append(bytes);
  while (!parser.http.is_done() && !parser.pending.empty()) {
    boost::system::error_code error;
    const auto used = parser.http.put(boost::asio::buffer(parser.pending), error);
    parser.pending.erase(0, used);
    if (error == http::error::need_more || (!error && used == 0)) break;
    if (error) {
      parser.broken = true;
      return not_http(error.message());
    }
  }
  return parser.http.is_done() ? State::done : State::need_more;
}

bool AnswerDecoder::done() const { return !parser_->broken && parser_->http.is_done(); }
bool AnswerDecoder::reusable() const { return done() && parser_->http.keep_alive() && parser_->pending.empty(); }

HttpAnswer AnswerDecoder::take() {
  if (!done()) return {0, ""};
  return {static_cast<int>(parser_->http.get().result_int()), std::move(parser_->http.get().body())};
}

Result<Json> read_answer(HttpAnswer answer) {
  auto json = answer.status >= 200 && answer.status <= 299 ? parse_json(answer.body, Code::sidecar_unavailable)
                                                           : refuse(refusal_of(answer));
  wipe(answer.body);
  return json;
}

}  // namespace jeton
