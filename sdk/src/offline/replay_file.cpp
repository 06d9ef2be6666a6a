// Makes the file of a replay store, and refuses one that somebody else could write or replace.
#include "offline/replay_file.hpp"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jeton {
namespace {

constexpr mode_t others_write = S_IWGRP | S_IWOTH;

std::string words_of(int error) { return std::error_code(error, std::generic_category()).message(); }

std::filesystem::path directory_of(const std::filesystem::path& file) {
  return file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
}

// A sticky directory is refused as well: others cannot take the file away there, but they can put a -wal beside it.
Result<void> check_directory(const std::filesystem::path& directory) {
  struct stat facts {};
  if (::stat(directory.c_str(), &facts) != 0)
    return refuse(Code::log_unavailable, fmt::format("cannot look at {}: {}", directory.string(), words_of(errno)));
  const bool ours = facts.st_uid == ::geteuid() || facts.st_uid == 0;
  if (!ours || (facts.st_mode & others_write) != 0)
    return refuse(Code::bad_request,
                  fmt::format("others can write in {}, so they can make spent tokens good again; give the replay store "
                              "a directory of its own, mode 0700",
                              directory.string()));
  return {};
}

// The entry must be durable before the first burn is: a file that is gone after a power failure un-burns.
Result<void> make_empty(const std::filesystem::path& file) {
  const int made = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (made < 0 && errno == EEXIST) return {};
  if (made < 0) return refuse(Code::log_unavailable, fmt::format("cannot make {}: {}", file.string(), words_of(errno)));
  ::close(made);
  const int directory = ::open(directory_of(file).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool durable = directory >= 0 && ::fsync(directory) == 0;
  const int error = errno;
  if (directory >= 0) ::close(directory);
  if (durable) return {};
  return refuse(Code::log_unavailable, fmt::format("cannot make {} durable: {}", file.string(), words_of(error)));
}

}  // namespace

Result<FileIdentity> own_replay_file(const std::filesystem::path& file) {
  if (auto checked = check_directory(directory_of(file)); !checked) return refuse(checked.error());
  struct stat facts {};
  if (::lstat(file.c_str(), &facts) != 0) {
    if (auto made = make_empty(file); !made) return refuse(made.error());
    if (::lstat(file.c_str(), &facts) != 0)
      return refuse(Code::log_unavailable, fmt::format("cannot look at {}: {}", file.string(), words_of(errno)));
  }
  if (!S_ISREG(facts.st_mode))
    return refuse(Code::bad_request, fmt::format("{} is not a regular file; name another", file.string()));
  if (facts.st_uid != ::geteuid())
    return refuse(
        Code::bad_request,
        fmt::format("{} belongs to another account; every replica runs under the one that made it", file.string()));
  if ((facts.st_mode & others_write) != 0)
    return refuse(Code::bad_request, fmt::format("others can write {}, so they can make spent tokens good again; see "
                                                 "who did, then  chmod 0600 FILE",
                                                 file.string()));
  return FileIdentity{facts.st_dev, facts.st_ino};
}

FileIdentity identity_of(const std::filesystem::path& file) {
  struct stat facts {};
  if (::lstat(file.c_str(), &facts) != 0) return {};
  return {facts.st_dev, facts.st_ino};
}

}  // namespace jeton
