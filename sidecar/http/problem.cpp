// A refusal as people's programs get it (RFC 9457).
#include <fmt/core.h>

#include "http/message.hpp"
#include "jeton/json.hpp"

namespace jeton {

Response problem(const Error& error, int status) {
  const auto& row = facts(error.code);
  if (status == 0) status = row.http;
  Json body{{"type", "about:blank"},
            {"title", row.sentence},
            {"status", status},
            {"code", row.name},
            {"detail", error.message}};
  if (error.txn) body["txn"] = *error.txn;
  if (error.log_index) body["log_index"] = *error.log_index;
  return {status, "application/problem+json", body.dump(-1, ' ', false, Json::error_handler_t::replace), false,
          error.code};
}

namespace {

/// HEAD is read as GET before anything else, so it is there wherever GET is.
std::string_view with_head(std::string_view method) { return method == "GET" ? "GET, HEAD" : method; }

}  // namespace

Error takes_only(std::string_view method) {
  return {Code::bad_request, fmt::format("this path takes {} and no other method", with_head(method))};
}

Error takes_no_body() { return {Code::bad_request, "a GET or HEAD has no body here; send it without"}; }

Response problem_of_method(const Error& error, std::string_view allowed) {
  auto response = problem(error, method_not_allowed);
  response.allow = allowed_beside(allowed);
  return response;
}

std::string allowed_beside(std::string_view method) { return std::string(with_head(method)); }

}  // namespace jeton
