// A state directory on a disk that does as a test tells it, under the real jetond.
#pragma once

#include <string>

#include "support/daemon.hpp"

namespace jeton::outside {

/// Works through a library that is loaded before the C library's own (tests/preload/bad_disk.cpp).
class BadDisk {
 public:
  BadDisk() {
    std::filesystem::create_directory(state());
    set("good");
  }

  /// "good", "enospc" or "erofs" or "eio" on writes, "fsync-eio", "hang" at a sync until it is set anew, "slow".
  void set(const std::string& mode) const {
    // Renamed into place, so that nobody reads half a word.
    write_file(home_.path() / "control.new", mode);
    std::filesystem::rename(home_.path() / "control.new", control());
  }

  [[nodiscard]] std::filesystem::path state() const { return home_.path() / "disk"; }
  [[nodiscard]] Setup setup(std::optional<std::string> config = std::nullopt) const {
    return {.config = std::move(config),
            .env = {{"LD_PRELOAD", program("libjeton-bad-disk.so")},
                    {"JETON_BAD_DISK_DIR", state()},
                    {"JETON_BAD_DISK_CONTROL", control()},
                    // A sanitizer likes to be loaded first; it does not need to be.
                    {"ASAN_OPTIONS", "verify_asan_link_order=0:detect_leaks=0"}},
            .state = state()};
  }

 private:
  [[nodiscard]] std::filesystem::path control() const { return home_.path() / "control"; }

  TempDir home_;
};

}  // namespace jeton::outside
