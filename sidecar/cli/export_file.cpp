// Continuing a file only where it is certain that it belongs to this log.
#include "cli/export_file.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "readers/otlp_spans.hpp"

namespace jeton::cli {
namespace {

/// A line of an export is below this: a leaf is below 65,536 bytes, and a csv quotes a few; a call has at most a
/// thousand attempts, and each of those a few short texts.
off_t line_max_of(ExportFormat format) { return format == ExportFormat::otlp_traces ? 8 << 20 : 256 * 1024; }

/// The first line of an export of this log, a page's worth read.
std::string first_line_of(const LogReader& log, ExportFormat format) {
  std::string first;
  (void)export_events(log, {}, format, [&first](const std::string& text) {
    first = text.substr(0, text.find('\n') + 1);
    return false;
  });
  return first;
}

tl::unexpected<Error> disk(const std::filesystem::path& file, const char* doing) {
  return refuse(Code::log_unavailable, fmt::format("cannot {} {}: {}", doing, file.string(), std::strerror(errno)));
}

bool read_at(int fd, off_t at, std::string& out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const auto got = ::pread(fd, out.data() + done, out.size() - done, at + static_cast<off_t>(done));
    if (got <= 0) return false;
    done += static_cast<std::size_t>(got);
  }
  return true;
}

}  // namespace

ExportFile::ExportFile(ExportFile&& other) noexcept
    : file_(std::move(other.file_)), fd_(std::exchange(other.fd_, -1)), next_(other.next_), empty_(other.empty_) {}

ExportFile::~ExportFile() {
  if (fd_ >= 0) ::close(fd_);
}

Result<ExportFile> ExportFile::open(const std::filesystem::path& file, const LogReader& log, ExportFormat format) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return refuse(Code::bad_request, fmt::format("cannot open {}: {}", file.string(), std::strerror(errno)));
  ExportFile opened(file, fd);
  struct stat found {};
  if (::fstat(fd, &found) != 0 || !S_ISREG(found.st_mode)) return opened.not_ours("it is no regular file");
  // Whoever owns it can read what is written, whatever its mode becomes; so can who holds it open from before.
  if (found.st_uid != ::geteuid()) return opened.not_ours("it belongs to another account");
  if (auto went_on = opened.go_on(log, format); !went_on) return refuse(went_on.error());
  // Only now: until it is known to be ours, nothing of it is changed.
  if (::fchmod(fd, 0600) != 0) return disk(file, "keep for this account alone");
  return opened;
}

tl::unexpected<Error> ExportFile::not_ours(const char* why) const {
  return refuse(Code::bad_request, fmt::format("{} is not continued: {}; name a new file", file_.string(), why));
}

Result<void> ExportFile::go_on(const LogReader& log, ExportFormat format) {
  const auto size = ::lseek(fd_, 0, SEEK_END);
  if (size < 0) return disk(file_, "read");
  if (size == 0) return {};
  const auto line_max = line_max_of(format);
  const auto tail_at = size > 2 * line_max ? size - 2 * line_max : 0;
  std::string tail(static_cast<std::size_t>(size - tail_at), '\0');
  if (!read_at(fd_, tail_at, tail)) return disk(file_, "read");
  const auto end = tail.rfind('\n');
  const auto header = export_header(format);
  if (end == tail.npos) {
    // Cut off within its first line, or another program's.
    if (!(header.empty() ? first_line_of(log, format) : header).starts_with(tail))
      return not_ours("it has no whole line of an export");
    if (::ftruncate(fd_, 0) != 0 || ::lseek(fd_, 0, SEEK_SET) != 0) return disk(file_, "write");
    return {};
  }
  const auto before = end == 0 ? tail.npos : tail.rfind('\n', end - 1);
  const auto begin = before == tail.npos ? 0 : before + 1;
  const auto line = tail.substr(begin, end + 1 - begin);
  const bool only_header = line == header && tail_at == 0 && begin == 0;
  if (!only_header) {
    const auto index = index_of_line(line, format);
    if (!index) return not_ours("its last line is no line of such an export");
    const auto events = *index < log.size() ? log.read(*index, 1) : std::vector<Event>();
    std::string expected;
    auto rebuilt = ExportLine::none;
    if (!events.empty() && events.front().log_index == *index)
      rebuilt = append_export_line(expected, log, events.front(), format, log.origin());
    if (events.empty() || *index < log.archive().first)
      return refuse(Code::bad_request,
                    fmt::format("{} is not continued: the event of its last line is archived; continue it from that "
                                "archive first, with --state DIR, or name a new file",
                                file_.string()));
    const auto from_archive = [&] {
      const auto document = parse_json_strictly(line.substr(0, line.size() - 1), {line.size(), JsonLimits{}.depth});
      return document && are_spans_of(*document, events.front(), log.origin()) &&
             canonical_json(*document).value_or("") + '\n' == line;
    };
    if (line != expected && !(rebuilt == ExportLine::cut && from_archive()))
      return not_ours("its last line is not that event of this log");
    next_ = *index + 1;
  }
  empty_ = false;
  const auto keep = tail_at + static_cast<off_t>(end) + 1;
  if (::ftruncate(fd_, keep) != 0 || ::lseek(fd_, keep, SEEK_SET) != keep) return disk(file_, "write");
  return {};
}

Result<void> ExportFile::write(std::string_view text) {
  while (!text.empty()) {
    const auto done = ::write(fd_, text.data(), text.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return disk(file_, "write");
    text.remove_prefix(static_cast<std::size_t>(done));
    empty_ = false;
  }
  return {};
}

Result<void> ExportFile::sync() {
  if (::fsync(fd_) != 0) return disk(file_, "sync");
  return {};
}

}  // namespace jeton::cli
