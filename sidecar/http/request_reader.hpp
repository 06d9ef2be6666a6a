// Bytes in, one HTTP/1.1 request out: the door's whole knowledge of HTTP syntax, and no socket.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace jeton {

/// Reads one request. One thread.
class RequestReader {
 public:
  /// Words the refusal of a larger body.
  enum class Sender { known, stranger, unproved };
  struct Limits {
    std::size_t header_bytes;  ///< of the header, of a chunk's extension, and of a trailer
    std::size_t body_bytes;
    Sender sender = Sender::known;
  };
  /// `room` is a string whose memory the body may use, so that a connection asks the heap once.
  explicit RequestReader(const Limits& limits, std::string room = {});
  ~RequestReader();
  RequestReader(RequestReader&&) = delete;

  /// What has arrived and was not taken yet; returns how much of its front was taken now. Then `done`, or `fault`, or
  /// more bytes are needed, and what was left comes again with them. After `done` the rest is the next request's.
  [[nodiscard]] std::size_t feed(std::string_view bytes);
  [[nodiscard]] bool done() const;
  /// bad_request, or unknown_agent for the larger body of a local stranger. The connection is of no use any more.
  [[nodiscard]] const std::optional<Error>& fault() const { return fault_; }

  /// Of a request that is done.
  [[nodiscard]] Request take();
  /// Also beside a fault; empty before the first line is there.
  [[nodiscard]] std::string target() const;
  [[nodiscard]] bool keep_alive() const;
  [[nodiscard]] bool is_head() const;

 private:
  struct Parser;
  Limits limits_;
  std::unique_ptr<Parser> parser_;
  std::optional<Error> fault_;
};

/// The whole answer as bytes, small enough to hand to the kernel in one call. For HEAD its body stays out, and its
/// length is told all the same (RFC 9110 section 8.6).
[[nodiscard]] std::string bytes_of(const Response& response, bool keep_alive, const std::string& request_id,
                                   bool with_body = true);

}  // namespace jeton
