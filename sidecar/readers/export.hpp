// The log as text for other programs: one line an event, the same bytes every time.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "store/store.hpp"

namespace jeton {

/// ocsf: see readers/ocsf. otlp: see readers/otlp. otlp_traces: a line a call that is over, see readers/otlp_spans.
enum class ExportFormat { jsonl, csv, ocsf, otlp, otlp_traces };

/// The names of the formats, in their order.
[[nodiscard]] std::span<const std::string_view> export_formats();
[[nodiscard]] std::optional<ExportFormat> export_format_named(std::string_view name);

/// The names of the columns, as the first line of a csv; nothing for the others, which are a JSON object a line. Lines
/// end in LF, in CRLF for csv (RFC 4180).
[[nodiscard]] std::string export_header(ExportFormat format);
/// jsonl: the leaf's members and `log_index`, in canonical form (RFC 8785). csv: a cell a column, quoted where it must
/// be; a text that a spreadsheet would take for a formula has ' before it. Appends a whole line. `origin` is the log's,
/// for the formats that say it. otlp_traces needs the rest of the call, and has nothing of one event. Throws LogDamaged
/// for an event that no jetond wrote.
void append_export_line(std::string& out, const Event& event, ExportFormat format, std::string_view origin = {});
/// What an event has: a line, none of its own, or none because the beginning of the call that it ends is archived.
enum class ExportLine { written, none, cut };
/// The same of an event of this log, and for otlp_traces the call that it ends.
ExportLine append_export_line(std::string& out, const LogReader& log, const Event& event, ExportFormat format,
                              std::string_view origin);
/// The index a line is of; nothing for another program's line.
[[nodiscard]] std::optional<std::uint64_t> index_of_line(std::string_view line, ExportFormat format);

struct ExportRange {
  std::optional<std::uint64_t> from = std::nullopt;  ///< else from where the rows begin
  std::uint64_t end = UINT64_MAX;                    ///< one behind the last
  std::optional<std::int64_t> since_us = std::nullopt;
  std::optional<std::int64_t> until_us = std::nullopt;  ///< events before
};

struct Exported {
  std::uint64_t lines = 0;
  std::uint64_t next = 0;                                     ///< nothing from here on was given
  std::optional<LogReader::Archive> archived = std::nullopt;  ///< why it ended before the range did
  bool cut = false;                                           ///< it ended at a call whose beginning is archived
};

/// Gives what is in the range to `put`, some hundred lines at a time, in short read transactions; stops when `put` says
/// false. It ends as well where an event of the range is archived, and with otlp_traces wherever it is when one is:
/// without its beginning a call has no line. One with `from` goes on from another, and ends where such a call ends: the
/// archive has its line. `progress` is told the next index. Throws LogDamaged where rows are
/// missing, and what the reader throws.
[[nodiscard]] Exported export_events(const LogReader& log, const ExportRange& range, ExportFormat format,
                                     const std::function<bool(const std::string&)>& put,
                                     const std::function<void(std::uint64_t next)>& progress = {});

}  // namespace jeton
