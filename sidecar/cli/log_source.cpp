// The reader's side of a state directory, as the command line names it.
#include "cli/log_source.hpp"

#include <fstream>
#include <iterator>

#include <fmt/core.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "app/paths.hpp"
#include "store/sqlite_store.hpp"

namespace jeton::cli {

std::filesystem::path state_of(const Common& common) {
  return common.state ? std::filesystem::path(*common.state) : default_state_to_read();
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

Result<std::unique_ptr<LogReader>> open_log(const Common& common) {
  return open_sqlite_reader(state_of(common) / "jeton.db");
}

void step_back() {
  const sched_param lowest{};
  ::sched_setscheduler(0, SCHED_IDLE, &lowest);
  constexpr int of_this_process = 1, idle_class = 3 << 13;
  ::syscall(SYS_ioprio_set, of_this_process, 0, idle_class);
}

}  // namespace jeton::cli
