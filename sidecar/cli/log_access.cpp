// Finding the log and its index, with the patience of a reader.
#include "cli/log_access.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "app/paths.hpp"
#include "jeton/hash.hpp"
#include "store/sqlite_store.hpp"

namespace jeton::cli {
namespace {

/// A folder's name for this log: its origin, or where it lies when it never signed.
std::string name_of(const LogReader& log, const std::filesystem::path& state) {
  auto name = log.origin();
  std::error_code ignored;
  if (name.empty()) name = "state-" + hex(sha256(std::filesystem::weakly_canonical(state, ignored).string()));
  constexpr std::string_view kept = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";
  std::replace_if(
      name.begin(), name.end(), [&](char c) { return kept.find(c) == kept.npos; }, '_');
  return name.substr(0, 200);
}

}  // namespace

std::filesystem::path state_of(const Common& common) {
  return common.state ? std::filesystem::path(*common.state) : default_state_to_read();
}

Result<std::unique_ptr<LogReader>> open_log(const Common& common) {
  return open_sqlite_reader(state_of(common) / "jeton.db");
}

Result<std::string> text_of_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in) return refuse(Code::bad_request, fmt::format("cannot read {}", file.string()));
  return text;
}

Result<NoteKey> key_of(const Common& common, const std::optional<std::string>& given) {
  if (given && !given->starts_with('@')) return NoteKey::parse(*given);
  auto text = text_of_file(given ? std::filesystem::path(given->substr(1)) : state_of(common) / "log.vkey");
  if (!text) return refuse(text.error());
  while (!text->empty() && text->back() == '\n') text->pop_back();
  return NoteKey::parse(*text);
}

void step_back() {
  const sched_param lowest{};
  ::sched_setscheduler(0, SCHED_IDLE, &lowest);
  constexpr int of_this_process = 1, idle_class = 3 << 13;
  ::syscall(SYS_ioprio_set, of_this_process, 0, idle_class);
}

ProgressLine::ProgressLine(const char* verb) : verb_(verb), wanted_(::isatty(STDERR_FILENO) == 1) {}

ProgressLine::~ProgressLine() {
  if (shown_) fmt::print(stderr, "\n");
}

void ProgressLine::show(std::uint64_t done, std::uint64_t events) {
  constexpr std::uint64_t long_work = 100'000;
  if (!wanted_ || events < long_work) return;
  const auto percent = done * 100 / events;
  if (shown_ && percent == percent_) return;
  percent_ = percent;
  shown_ = true;
  fmt::print(stderr, "\r{} {} of {} events ({} %)", verb_, done, events, percent);
}

Result<CallIndex> open_index(const Common& common, const LogReader& log, const std::optional<std::string>& cache) {
  if (cache) return CallIndex::open(*cache);
  const auto home = default_cache();
  if (home)
    if (auto index = CallIndex::open(*home / name_of(log, state_of(common)))) return index;
  // No cache, no harm: the question only takes longer.
  return CallIndex::in_memory();
}

}  // namespace jeton::cli
