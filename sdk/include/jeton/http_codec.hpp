// The local door's HTTP/1.1 as bytes in and bytes out, for who brings sockets and a loop of his own.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "jeton/error.hpp"
#include "jeton/json.hpp"

namespace jeton {

struct HttpAnswer {
  int status;
  std::string body;
};

/// One whole request. `method` is letters; `target` is visible ASCII and begins with a slash; bad_request otherwise, so
/// that nothing in them can begin another request. The bytes may hold a token: wipe them once they are sent.
[[nodiscard]] Result<std::string> encode_request(std::string_view method, std::string_view target,
                                                 std::string_view body);

/// Reads one answer from bytes as they come. Every bound of the sdk's own client holds: header 8 KiB, body 4 MiB. What
/// it kept is wiped on destruction. One thread at a time; use a new one for each request.
class AnswerDecoder {
 public:
  enum class State { need_more, done };

  AnswerDecoder();
  ~AnswerDecoder();
  AnswerDecoder(AnswerDecoder&&) noexcept;
  AnswerDecoder& operator=(AnswerDecoder&&) noexcept;

  /// sidecar_unavailable when it is not HTTP or beyond a bound, for ever after. Bytes after `done` are kept from
  /// nobody: they only make the connection one that cannot be used again.
  [[nodiscard]] Result<State> feed(std::string_view bytes);

  [[nodiscard]] bool done() const;
  /// Whether the connection may carry another request. False until `done`.
  [[nodiscard]] bool reusable() const;
  /// The answer, once; an answer that is not done has status 0.
  [[nodiscard]] HttpAnswer take();

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

/// The JSON of a 2xx answer; a refusal with the sidecar's own code, message, txn and log index (RFC 9457); and
/// sidecar_unavailable for what no sidecar would say. Wipes the body.
[[nodiscard]] Result<Json> read_answer(HttpAnswer answer);

}  // namespace jeton
