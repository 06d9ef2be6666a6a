// Streams a file through SHA-256, and believes its times only once they are old enough to tell versions apart.
#include "attest/executable_hash.hpp"

#include <array>
#include <cerrno>
#include <ctime>
#include <vector>

#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jeton {
namespace {

constexpr std::int64_t ns_per_s = 1'000'000'000;
constexpr std::size_t chunk_bytes = 128 * 1024;

std::int64_t nanoseconds(const timespec& time) { return time.tv_sec * ns_per_s + time.tv_nsec; }

/// File systems stamp changes with a coarse clock: a file written twice within one tick looks the same both times.
bool is_settled(std::int64_t changed_ns) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return nanoseconds(now) - changed_ns > 2 * ns_per_s;
}

std::optional<std::string> hash_file(int fd) {
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  std::vector<unsigned char> chunk(chunk_bytes);
  off_t offset = 0;
  while (offset <= ExecutableHashes::max_file_bytes) {
    const auto count = ::pread(fd, chunk.data(), chunk.size(), offset);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::nullopt;
    if (count == 0) {
      std::array<unsigned char, crypto_hash_sha256_BYTES> digest{};
      crypto_hash_sha256_final(&state, digest.data());
      std::array<char, crypto_hash_sha256_BYTES * 2 + 1> hex{};
      return std::string(sodium_bin2hex(hex.data(), hex.size(), digest.data(), digest.size()));
    }
    crypto_hash_sha256_update(&state, chunk.data(), static_cast<unsigned long long>(count));
    offset += count;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> ExecutableHashes::of(int fd) {
  const auto before = key_of(fd);
  if (!before) return std::nullopt;
  if (auto hash = known(*before)) return hash;
  auto hash = hash_file(fd);
  if (!hash || key_of(fd) != before) return std::nullopt;
  if (is_settled(std::get<4>(*before))) remember(*before, *hash);
  return hash;
}

std::size_t ExecutableHashes::size() const {
  const std::lock_guard lock(mutex_);
  return hashes_.size();
}

std::optional<ExecutableHashes::Key> ExecutableHashes::key_of(int fd) {
  struct stat file {};
  if (::fstat(fd, &file) != 0 || !S_ISREG(file.st_mode) || file.st_size > max_file_bytes) return std::nullopt;
  return Key{file.st_dev, file.st_ino, file.st_size, nanoseconds(file.st_mtim), nanoseconds(file.st_ctim)};
}

std::optional<std::string> ExecutableHashes::known(const Key& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = hashes_.find(key);
  return found == hashes_.end() ? std::nullopt : std::optional(found->second);
}

void ExecutableHashes::remember(const Key& key, const std::string& hash) {
  const std::lock_guard lock(mutex_);
  if (hashes_.size() >= max_entries) hashes_.clear();
  hashes_.emplace(key, hash);
}

}  // namespace jeton
