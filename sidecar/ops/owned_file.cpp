// Opens a file, checks who could have written it, hands on its text.
#include "ops/owned_file.hpp"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jeton {
namespace {

constexpr std::size_t file_bytes_max = 1 << 20;

class OpenFile {
 public:
  // O_NONBLOCK, or a fifo in the file's place would hang the start.
  explicit OpenFile(const std::string& name) : fd_(::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~OpenFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

tl::unexpected<Error> refuse_file(const std::string& name, std::string_view what) {
  return refuse(Code::bad_request, fmt::format("{}: {}", name, what));
}

tl::unexpected<Error> refuse_unopened(const std::string& name, int error) {
  if (error == ENOENT || error == ENOTDIR) return refuse_file(name, "there is no such file; name one that is there");
  if (error == EACCES) return refuse_file(name, "not readable by the daemon's account; type  chmod 0644 " + name);
  return refuse_file(name, fmt::format("cannot be opened (errno {})", error));
}

// Judged on the open descriptor: what is checked is what is read.
Result<void> check_writers(const struct stat& facts, const std::string& name, uid_t owner) {
  if (!S_ISREG(facts.st_mode)) return refuse_file(name, "is not a regular file; name one");
  if (facts.st_uid != 0 && facts.st_uid != owner) {
    return refuse_file(name, "belongs to neither root nor the daemon's account; type  chown root " + name);
  }
  if ((facts.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return refuse_file(name, "is writable by its group or by others; type  chmod 0644 " + name);
  }
  return {};
}

Result<std::string> read_all(int fd, const std::string& name) {
  std::string text(file_bytes_max + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const auto got = ::read(fd, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refuse_file(name, fmt::format("cannot be read (errno {})", errno));
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > file_bytes_max) return refuse_file(name, "is larger than 1 MiB; name another file");
  text.resize(size);
  return text;
}

}  // namespace

Result<std::string> read_owned_file(const std::filesystem::path& file, uid_t owner) {
  const auto name = file.string();
  const OpenFile open(name);
  if (open.fd() < 0) return refuse_unopened(name, errno);
  struct stat facts {};
  if (::fstat(open.fd(), &facts) != 0) return refuse_file(name, fmt::format("cannot be read (errno {})", errno));
  if (auto checked = check_writers(facts, name, owner); !checked) return refuse(checked.error());
  return read_all(open.fd(), name);
}

}  // namespace jeton
