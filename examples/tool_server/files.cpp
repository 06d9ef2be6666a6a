// read_file and list_directory under a root.
#include "tool_server/files.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "jeton/event.hpp"

namespace example {
namespace {

constexpr int races_tolerated = 8;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

int openat2(int directory, const char* path, const open_how& how) {
  return static_cast<int>(::syscall(SYS_openat2, directory, path, &how, sizeof how));
}

std::string why_not(int error) {
  switch (error) {
    case EXDEV:
    case ELOOP: return "path leads out of the root; use a path relative to it";
    case ENOENT: return "no such file or directory; see list_directory";
    case ENOTDIR: return "not a directory";
    case EACCES: return "not permitted";
    case ENOSYS: return "the kernel has no openat2; Linux 5.6 or newer is needed";
    default: return fmt::format("cannot be opened: {}", std::strerror(error));
  }
}

tl::expected<std::string, std::string> read_up_to(int fd, std::size_t limit) {
  std::string text(limit, '\0');
  std::size_t used = 0;
  while (used < limit) {
    const ssize_t got = ::read(fd, text.data() + used, limit - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return tl::unexpected(fmt::format("cannot be read: {}", std::strerror(errno)));
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
  }
  text.resize(used);
  return text;
}

tl::expected<std::size_t, std::string> byte_limit(const Json& arguments) {
  const auto found = arguments.find("max_bytes");
  if (found == arguments.end()) return file_bytes_max;
  const bool fits = found->is_number_integer() && *found >= 1 && *found <= file_bytes_max;
  if (!fits) return tl::unexpected(fmt::format("max_bytes must be an integer from 1 to {}", file_bytes_max));
  return found->get<std::size_t>();
}

bool is_directory(DIR* directory, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_DIR;
  struct stat facts {};
  return ::fstatat(::dirfd(directory), entry.d_name, &facts, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(facts.st_mode);
}

/// A file name may be any bytes; one that is no text is shown with its odd bytes as %XX.
std::string shown(const char* name) {
  const std::string text = name;
  return jeton::canonical_json(Json(text)) ? text : jeton::escape_for_log(text);
}

}  // namespace

tl::expected<FileRoot, std::string> FileRoot::open(const std::filesystem::path& directory) {
  UniqueFd root(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root.valid()) return tl::unexpected(fmt::format("{}: {}", directory.string(), std::strerror(errno)));
  return FileRoot(std::move(root));
}

tl::expected<UniqueFd, std::string> FileRoot::open_beneath(const std::string& path, int flags) const {
  open_how how{};
  // Without O_NONBLOCK a FIFO would hold the server until somebody writes.
  how.flags = static_cast<std::uint64_t>(flags | O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  UniqueFd file;
  // EAGAIN: something was renamed while ".." was resolved, so the kernel could not vouch for the result.
  for (int i = 0; i < races_tolerated && !file.valid(); ++i) {
    file.reset(openat2(root_.fd(), path.c_str(), how));
    if (!file.valid() && errno != EAGAIN && errno != EINTR) break;
  }
  if (!file.valid()) return tl::unexpected(why_not(errno));
  return file;
}

ToolOutput FileRoot::read_file(const Json& arguments) const {
  if (auto why = unfit_arguments(arguments, "path", {"path", "max_bytes"}); !why.empty()) return tool_failed(why);
  const auto limit = byte_limit(arguments);
  if (!limit) return tool_failed(limit.error());
  const auto file = open_beneath(arguments["path"].get<std::string>(), 0);
  if (!file) return tool_failed(file.error());

  struct stat facts {};
  if (::fstat(file->fd(), &facts) != 0 || !S_ISREG(facts.st_mode)) return tool_failed("not a regular file");
  const auto text = read_up_to(file->fd(), *limit + 1);
  if (!text) return tool_failed(text.error());
  if (text->size() > *limit) return tool_failed(fmt::format("larger than {} bytes", *limit));
  if (!jeton::canonical_json(Json(*text))) return tool_failed("not UTF-8 text");
  return {*text};
}

ToolOutput FileRoot::list_directory(const Json& arguments) const {
  if (auto why = unfit_arguments(arguments, "path", {"path"}); !why.empty()) return tool_failed(why);
  auto opened = open_beneath(arguments["path"].get<std::string>(), O_DIRECTORY);
  if (!opened) return tool_failed(opened.error());
  const std::unique_ptr<DIR, CloseDirectory> directory(::fdopendir(opened->fd()));
  if (!directory) return tool_failed(why_not(errno));
  (void)opened->release();  // the DIR owns it now

  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (names.size() == listed_entries_max) return tool_failed(fmt::format("more than {} entries", listed_entries_max));
    names.push_back(shown(entry->d_name) + (is_directory(directory.get(), *entry) ? "/" : ""));
  }
  std::sort(names.begin(), names.end());
  return {fmt::format("{}", fmt::join(names, "\n"))};
}

void add_file_tools(Toolbox& toolbox, std::shared_ptr<const FileRoot> root) {
  const Json path = {{"type", "string"}, {"description", "relative to the server's root"}};
  const Json max_bytes = {{"type", "integer"}, {"minimum", 1}, {"maximum", file_bytes_max}};
  toolbox.add({"read_file", "Reads a text file.", object_schema({{"path", path}, {"max_bytes", max_bytes}}, {"path"}),
               [root](const Json& arguments) { return root->read_file(arguments); }});
  toolbox.add({"list_directory", "Lists a directory, directories with a slash.",
               object_schema({{"path", path}}, {"path"}),
               [root](const Json& arguments) { return root->list_directory(arguments); }});
}

}  // namespace example
