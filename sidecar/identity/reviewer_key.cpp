// Writing the reviewer's key without replacing anything, and reading it with suspicion.
#include "identity/reviewer_key.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jeton/hash.hpp"
#include "store/whole_file.hpp"

namespace jeton {
namespace {

constexpr std::string_view header = "jeton args key 1\n";
constexpr std::size_t key_bytes = 32;
constexpr std::size_t file_bytes = header.size() + key_bytes;

tl::unexpected<Error> unusable(const std::filesystem::path& file, std::string_view why) {
  return refuse(Code::bad_request, fmt::format("{}: {}", file.string(), why));
}

std::string reason(int error) { return std::error_code(error, std::generic_category()).message(); }

Result<OpeningKey> read_open_file(int fd, const std::filesystem::path& file) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return unusable(file, reason(errno));
  if (!S_ISREG(info.st_mode) || info.st_size != static_cast<off_t>(file_bytes))
    return unusable(file, "is not a reviewer's key; make one with jeton log args --make-key FILE");
  if ((info.st_mode & 077) != 0)
    return unusable(file, "is readable by others; chmod 0600 and consider it known to them");
  std::array<unsigned char, header.size()> head{};
  Secret secret(key_bytes);
  const auto key = secret.writable();
  if (::read(fd, head.data(), head.size()) != static_cast<ssize_t>(head.size()) ||
      ::read(fd, key.data(), key.size()) != static_cast<ssize_t>(key.size()) ||
      !std::equal(head.begin(), head.end(), as_bytes(header).begin()))
    return unusable(file, "is not a reviewer's key; make one with jeton log args --make-key FILE");
  secret.seal();
  return OpeningKey::from_secret(std::move(secret));
}

}  // namespace

Result<OpeningKey> make_reviewer_key(const std::filesystem::path& file) {
  auto key = OpeningKey::generate();
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return unusable(file, errno == EEXIST ? "is there already; name a new file" : reason(errno));
  const bool written =
      write_whole(fd, as_bytes(header)) && write_whole(fd, key.secret().expose_for_signing()) && ::fsync(fd) == 0;
  const int error = errno;
  ::close(fd);
  if (written) return key;
  ::unlink(file.c_str());
  return unusable(file, reason(error));
}

Result<OpeningKey> read_reviewer_key(const std::filesystem::path& file) {
  // O_NONBLOCK, or a fifo in the file's place would hang the command.
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return unusable(file, reason(errno));
  auto key = read_open_file(fd, file);
  ::close(fd);
  return key;
}

}  // namespace jeton
