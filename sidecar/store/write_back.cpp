// Steps as small as a few commits, and the disk left to others three quarters of the time.
#include "store/write_back.hpp"

#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jeton {
namespace {

constexpr off_t step_bytes = 64 * 1024;
constexpr int pause_per_step = 3;  // in times of what the step took

struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

void must(bool done, const std::filesystem::path& file) {
  if (!done) throw std::system_error(errno, std::generic_category(), "cannot write back " + file.string());
}

}  // namespace

void write_back_gently(const std::filesystem::path& file) {
  constexpr unsigned now = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
  const Descriptor descriptor{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  struct stat about {};
  must(descriptor.fd >= 0 && ::fstat(descriptor.fd, &about) == 0, file);
  for (off_t at = 0; at < about.st_size; at += step_bytes) {
    const auto began = std::chrono::steady_clock::now();
    // Some file systems have no such thing: the sync at the end does it all then.
    if (::sync_file_range(descriptor.fd, at, step_bytes, now) != 0 && (errno == ENOSYS || errno == ESPIPE)) break;
    const auto took = std::chrono::steady_clock::now() - began;
    constexpr auto nothing_to_write = std::chrono::microseconds(50);
    if (took > nothing_to_write) std::this_thread::sleep_for(took * pause_per_step);
  }
  must(::fsync(descriptor.fd) == 0, file);
}

}  // namespace jeton
