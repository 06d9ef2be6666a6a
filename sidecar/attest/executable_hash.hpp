// The SHA-256 of an executable, computed once for as long as the file stays the same.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>

namespace jeton {

/// Hashes by file identity and times. Thread-safe; two threads may hash the same new file at once.
class ExecutableHashes {
 public:
  static constexpr std::int64_t max_file_bytes = 256LL << 20;
  static constexpr std::size_t max_entries = 256;

  /// Lower-case hex; none for what is no regular file, is larger than max_file_bytes, cannot be read, or changed
  /// meanwhile. Blocks while the whole file is read. `fd` is open for reading and stays the caller's.
  [[nodiscard]] std::optional<std::string> of(int fd);
  [[nodiscard]] std::size_t size() const;

 private:
  /// device, inode, bytes, modified ns, changed ns
  using Key = std::tuple<std::uint64_t, std::uint64_t, std::int64_t, std::int64_t, std::int64_t>;
  [[nodiscard]] static std::optional<Key> key_of(int fd);
  [[nodiscard]] std::optional<std::string> known(const Key& key) const;
  void remember(const Key& key, const std::string& hash);

  mutable std::mutex mutex_;
  std::map<Key, std::string> hashes_;
};

}  // namespace jeton
