// What of the trust domain lies in STATE: the request a daemon makes, and the certificate it gets.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "identity/certifier.hpp"

namespace jeton {

/// The names are those of the protocol.
inline constexpr const char* identity_file = "identity.key";
inline constexpr const char* request_file = "domain.request";
inline constexpr const char* certificate_file = "domain.cert";

/// Keeps a certifier in step with the files. One thread; only `settle` touches the certifier, and does not wait.
class DomainFiles {
 public:
  DomainFiles(std::filesystem::path state, Certifier& certifier);

  /// Writes STATE/domain.request where that is not what this daemon asks; log_unavailable with the system's reason.
  [[nodiscard]] Result<void> show_request() const;
  /// Reads STATE/domain.cert when it is another one than at the last look.
  void look();
  /// Takes in what was seen, and says what came of it.
  void settle();

 private:
  /// Which file it was; all zero: none.
  struct Seen {
    std::uint64_t inode = 0;
    std::int64_t size = 0, changed_ns = 0;
    bool operator==(const Seen&) const = default;
  };
  [[nodiscard]] Seen seen_now() const;
  [[nodiscard]] Result<std::string> read() const;

  std::filesystem::path state_;
  Certifier& certifier_;
  Seen seen_;
  std::optional<Result<std::string>> found_;  ///< and not taken in yet; an empty text: none is there
  std::string told_;                          ///< what was last said about it
};

}  // namespace jeton
