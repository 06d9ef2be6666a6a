// `jeton log export`: the log as lines of JSON or CSV, to stdout or to a file that can be continued.
#include <algorithm>

#include <unistd.h>

#include "cli/export_file.hpp"
#include "cli/log_access.hpp"
#include "cli/table.hpp"
#include "cli/time_words.hpp"
#include "jeton/clock.hpp"
#include "log/archived.hpp"

namespace jeton::cli {
namespace {

/// What is gathered before it is written: a write a page would be most of the work.
constexpr std::size_t gathered_bytes = 1 << 20;

/// Lines on their way out; once writing failed, nothing more is taken.
class Out {
 public:
  explicit Out(std::function<Result<void>(std::string_view)> write) : write_(std::move(write)) {}
  bool put(const std::string& text) {
    gathered_ += text;
    return gathered_.size() < gathered_bytes || flush();
  }
  bool flush() {
    if (done_ && !gathered_.empty()) done_ = write_(gathered_);
    gathered_.clear();
    return done_.has_value();
  }
  [[nodiscard]] const Result<void>& done() const { return done_; }

 private:
  std::function<Result<void>(std::string_view)> write_;
  std::string gathered_;
  Result<void> done_;
};

Result<void> to_stdout(std::string_view text) {
  while (!text.empty()) {
    const auto done = ::write(STDOUT_FILENO, text.data(), text.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return refuse(Code::internal, "stdout does not take the export; -o FILE can be continued");
    text.remove_prefix(static_cast<std::size_t>(done));
  }
  return {};
}

/// On a terminal nothing of the log acts; a file or a pipe gets the very bytes.
Result<void> to_terminal(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    (shown += for_terminal(std::string(line))) += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return to_stdout(shown);
}

Result<ExportRange> range_of(const ExportOptions& options) {
  const auto now_us = SystemClock().wall_us();
  ExportRange range;
  for (const auto& [text, time] :
       {std::pair(&options.since, &range.since_us), std::pair(&options.until, &range.until_us)}) {
    if (!*text) continue;
    *time = time_from(**text, now_us);
    if (!*time) return refuse(Code::bad_request, fmt::format("{} is no time; it takes {}", **text, time_help));
  }
  return range;
}

/// What is there is not all there is, and how to get the rest.
Error not_whole(const ExportOptions& options, const Exported& done) {
  const auto to_file = options.file ? fmt::format("--format {} -o {}", options.format, *options.file) : "";
  const auto to_stdout = fmt::format("--format {} --from {}", options.format, done.next);
  // A call has no line without its beginning, which may lie further back than where this ends.
  const auto first = done.next < done.archived->first ? done.next : 0;
  const auto what = options.file ? for_terminal(*options.file) : "this";
  if (done.cut)
    return {
        Code::log_unavailable,
        fmt::format("{} ends before event {}, the end of a call whose beginning is archived: {}, and then from this "
                    "log with the same command. Where the archive has no line of that call, it ended after the "
                    "archive was made, and nothing has all of it; go on behind it with --from {}",
                    what, done.next,
                    archived_words(*done.archived, "export " + (options.file ? to_file : to_stdout), first),
                    done.next + 1)};
  return {
      Code::log_unavailable,
      fmt::format("{} ends before event {} and is not whole, because while it was written {}, and then from this log "
                  "with the same command",
                  what, done.next,
                  archived_words(*done.archived, "export " + (options.file ? to_file : to_stdout), first))};
}

int export_to(const Common& common, const LogReader& log, const ExportOptions& options, ExportRange range) {
  const auto format = export_format_named(options.format).value_or(ExportFormat::jsonl);
  range.end = log.size();
  std::optional<ExportFile> file;
  if (options.file) {
    auto opened = ExportFile::open(*options.file, log, format);
    if (!opened) return tell(common, opened.error());
    file.emplace(std::move(*opened));
  }
  const auto goes_on = file ? file->next() : std::nullopt;
  const auto from = std::max(options.from.value_or(0), goes_on.value_or(0));
  if (goes_on && from > *goes_on)
    fmt::print(stderr, "jeton: warning: events {} to {} are left out of {}\n", *goes_on, from - 1,
               for_terminal(*options.file));
  // A new export begins where the rows do; one that goes on has to find what comes next.
  const auto archive = log.archive();
  if (goes_on || from >= archive.first) range.from = from;
  if (!range.from)
    fmt::print(stderr, "jeton: hint: {}\n", archived_words(archive, "export --format " + options.format));
  const auto on_screen = ::isatty(STDOUT_FILENO) == 1 ? to_terminal : to_stdout;
  Out out(file ? std::function([&file](std::string_view text) { return file->write(text); }) : on_screen);
  if (!file || file->empty()) (void)out.put(export_header(format));
  Exported done;
  {
    ProgressLine line("exported");
    const auto progress = [&](std::uint64_t next) {
      if (file) line.show(next, range.end);
    };
    done = export_events(
        log, range, format, [&out](const std::string& text) { return out.put(text); }, progress);
    (void)out.flush();
  }
  if (!out.done()) return tell(common, out.done().error());
  if (file)
    if (auto synced = file->sync(); !synced) return tell(common, synced.error());
  if (done.archived) return tell(common, not_whole(options, done));
  if (!file) return 0;
  const auto* what = format == ExportFormat::otlp_traces ? "calls" : "events";
  if (common.json)
    fmt::print("{}\n", json_for_terminal({{"file", *options.file}, {what, done.lines}, {"next", range.end}}));
  else
    fmt::print(stderr, "{} {} in {}; again later, the same command adds what is new\n", done.lines, what,
               for_terminal(*options.file));
  return 0;
}

}  // namespace

int log_export(const Common& common, const ExportOptions& options) {
  if (common.json && !options.file) return usage("--json tells about an export to a file; add -o FILE");
  const auto range = range_of(options);
  if (!range) return usage(range.error().message);
  return with_log(common, [&](const LogReader& log) { return export_to(common, log, options, *range); });
}

}  // namespace jeton::cli
