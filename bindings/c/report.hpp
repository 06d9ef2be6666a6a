// What both sides of a call hand in: how to reach the sidecar, and how the call went.
#pragma once

#include "boundary.hpp"
#include "jeton/client.hpp"

namespace jeton::abi {

[[nodiscard]] ClientOptions options_of(const char* socket, std::size_t socket_size, std::uint32_t deadline_ms);

/// {"outcome"} and perhaps "detail", "duration_ms", "receipt"; bad_request for everything else.
[[nodiscard]] Result<Report> read_report(std::string_view text);

/// Reads a report, hands it to `tell`, and gives the index of its event to who wants it.
template <class Tell>
jeton_code told(std::uint64_t* log_index, jeton_error** error, const char* report, std::size_t report_size,
                Tell&& tell) noexcept {
  if (log_index != nullptr) *log_index = 0;
  return guarded(error, [&]() -> Result<void> {
    const auto read = read_report(text(report, report_size));
    if (!read) return refuse(read.error());
    const auto index = tell(*read);
    if (!index) return refuse(index.error());
    if (log_index != nullptr) *log_index = *index;
    return {};
  });
}

}  // namespace jeton::abi
