// A child program that says "ready", and is gone when its owner is.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <sys/types.h>

namespace jeton::bench {

/// Starts the program and waits for its line "ready …". Throws when it ends before that.
class Child {
 public:
  explicit Child(const std::vector<std::string>& command);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Resident memory in KiB, by /proc.
  [[nodiscard]] long rss_kib() const;

 private:
  pid_t pid_ = -1;
};

/// A directory that goes with its owner. It is on the disk of the working directory unless told otherwise: /tmp may be
/// memory, where a sync costs nothing.
class Scratch {
 public:
  explicit Scratch(const std::filesystem::path& below = std::filesystem::current_path());
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace jeton::bench
