// Reading a report strictly: an outcome nobody knows must not become "ok".
#include "report.hpp"

namespace jeton::abi {
namespace {

constexpr std::uint64_t duration_max_ms = (std::uint64_t{1} << 53) - 1;

}  // namespace

ClientOptions options_of(const char* socket, std::size_t socket_size, std::uint32_t deadline_ms) {
  ClientOptions options;
  if (auto path = optional_text(socket, socket_size)) options.socket = std::move(*path);
  options.deadline = std::chrono::milliseconds(deadline_ms);
  return options;
}

Result<Report> read_report(std::string_view text) {
  auto json = read_object(text);
  if (!json) return refuse(json.error());
  Report report;
  const auto outcome = json->value("outcome", Json());
  const auto named = outcome.is_string() ? outcome_named(outcome.get_ref<const std::string&>()) : std::nullopt;
  if (!named) return refuse(Code::bad_request, "the outcome is ok, tool_error, transport_error, cancelled or unknown");
  report.outcome = *named;
  if (const auto detail = json->value("detail", Json()); !detail.is_null()) {
    if (!detail.is_string()) return refuse(Code::bad_request, "the detail is a code");
    report.detail = detail.get<std::string>();
  }
  if (const auto took = json->value("duration_ms", Json()); !took.is_null()) {
    if (!took.is_number_unsigned() || took.get<std::uint64_t>() > duration_max_ms)
      return refuse(Code::bad_request, "the duration is a number of milliseconds");
    report.duration_ms = took.get<std::int64_t>();
  }
  if (auto receipt = json->value("receipt", Json()); !receipt.is_null()) report.receipt = std::move(receipt);
  for (const char* name : {"outcome", "detail", "duration_ms", "receipt"}) json->erase(name);
  if (!json->empty()) return refuse(Code::bad_request, "a member is not one of a report");
  return report;
}

}  // namespace jeton::abi
