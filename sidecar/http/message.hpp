// A request and its answer as the doors see them: values, no sockets, no parser.
#pragma once

#include <any>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attest/caller.hpp"
#include "jeton/error.hpp"
#include "policy/engine.hpp"

namespace jeton {

inline constexpr int method_not_allowed = 405;

struct Request {
  std::string method;
  std::string target;
  std::string content_type;
  std::string body;
  std::string host = {};                        ///< of several fields: all, with commas between them
  std::string origin = {};                      ///< only browsers send it; the same
  std::vector<std::string> authorization = {};  ///< one a header field, as they came
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  bool may_cache = false;                   ///< only documents that say who we are; everything else is no-store
  std::optional<Code> code = std::nullopt;  ///< of a refusal
  std::optional<std::string> challenge = std::nullopt;  ///< WWW-Authenticate
  std::optional<std::string> allow = std::nullopt;      ///< Allow: of a 405
};

/// One request on its way through a tick: asked by a caller, or already refused by the transport with `fault`.
struct Job {
  Request request;
  Caller caller;
  std::optional<Error> fault = std::nullopt;
  int fault_status = 0;  ///< of the answer to a fault, where it is not that of its code
  Response response = {};
  bool final = false;                               ///< the response stands, whatever becomes of the log
  std::optional<Response> prepared = std::nullopt;  ///< by an errand: the answer, where nothing is left to decide
  std::string id = {};  ///< this daemon's name for the request: in the answer's X-Request-Id and in every log line
  std::chrono::steady_clock::time_point arrived = {};
  std::any read = {};  ///< what its door read the body as before the tick, because somebody had to be asked about it
  std::shared_ptr<const void> brought = nullptr;     ///< what the OAuth door read of it at its first look
  std::shared_ptr<const Verdict> verdict = nullptr;  ///< of an engine that decides as well
  bool asked = false;                                ///< whether there is anything to ask it has been looked at
  bool stalled = false;                              ///< it came while the log's disk hung, and nobody was asked
};

/// Nobody who has no part to play, or has not proved it before the body, gets more than this read.
inline constexpr std::size_t strangers_body_bytes = 64 * 1024;

/// What stands behind a listening socket.
class Door {
 public:
  virtual ~Door() = default;
  /// The first look at a request, before errands: what must not come in gets a fault.
  virtual void screen(Job&) {}
  /// Fills in every job's response. What they wrote is durable when this returns.
  virtual void answer(std::span<Job* const> jobs) = 0;
  /// The same while another thread still waits for the disk: everything that needs the log is log_unavailable, and the
  /// log is not touched. May be called from another thread than the others, never at the same time.
  virtual void answer_stalled(std::span<Job* const> jobs) = 0;
  /// What an answer needs of another program first: keys of an issuer, a decision. It runs on a thread of its own, may
  /// take as long as it promises to, and writes only into the job. Empty: nothing; asked again after each.
  [[nodiscard]] virtual std::function<void()> errand(Job&) { return {}; }
  /// Once a second, and with `stopping` a last time.
  virtual void keep_house(bool stopping) = 0;
  /// Whether the caller has no part to play, whatever its executable's hash is; and how large a body is worth reading.
  [[nodiscard]] virtual bool is_stranger(const Caller& caller) const = 0;
  [[nodiscard]] virtual std::size_t body_bytes_max(const Caller& caller, bool stranger) const = 0;
  /// Whether an answer to this caller could depend on its executable's hash.
  [[nodiscard]] virtual bool wants_sha256_of(const Caller& caller) const = 0;
};

/// RFC 9457 problem+json of a refusal; its status is the code's, or this one.
[[nodiscard]] Response problem(const Error& error, int status = 0);
/// Of a path that there is, asked with another method than its own (RFC 9110 section 15.5.6): what it is told, and 405.
[[nodiscard]] Error takes_only(std::string_view method);
/// A GET with a body, which has no meaning (RFC 9110 section 9.3.1).
[[nodiscard]] Error takes_no_body();
[[nodiscard]] Response problem_of_method(const Error& error, std::string_view allowed);
[[nodiscard]] std::string allowed_beside(std::string_view method);

}  // namespace jeton
