// Showing checkpoints outside of the database: to a file, or to the system's log, without the loop ever waiting for it.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "jeton/error.hpp"

namespace jeton {

/// One place checkpoints go to, with a thread of its own: a place that hangs holds nobody up, and when it comes back it
/// gets the newest, which is all that matters. Thread-safe.
class Publisher {
 public:
  using Put = std::function<Result<void>(const std::string& note)>;
  Publisher(std::string place, Put put);
  /// Gives what is pending two more seconds.
  ~Publisher();
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  /// Takes the place of one that still waits. Never blocks.
  void publish(const std::string& note);
  /// Waits until nothing is pending; false after `seconds`, or when the last one could not be put there.
  bool flush(int seconds);

  [[nodiscard]] const std::string& place() const { return place_; }
  /// Empty, or why the newest could not be put there.
  [[nodiscard]] std::string trouble() const;

 private:
  struct Shared;
  std::string place_;
  std::shared_ptr<Shared> shared_;
};

/// Replaces the file whole: written beside it, synced, renamed. Mode 0644: a checkpoint is public.
[[nodiscard]] Publisher::Put put_in_file(std::filesystem::path file);
/// One line of facility authpriv: "jetond checkpoint ORIGIN SIZE ROOT SIGNATURE". syslog(3) does not say whether
/// anybody took it.
[[nodiscard]] Publisher::Put put_in_syslog();

/// The file's text: nothing where there is none, log_unavailable where it cannot be read or is over 64 KiB.
[[nodiscard]] Result<std::optional<std::string>> read_checkpoint_file(const std::filesystem::path& file);

}  // namespace jeton
