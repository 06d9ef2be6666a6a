// The keys of one trusted issuer: fetched when they are needed, kept through an outage, never taken from elsewhere.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <sys/types.h>

#include "jeton/clock.hpp"
#include "jeton/foreign_keys.hpp"
#include "outbound/fetch.hpp"

namespace jeton {

/// Thread-safe: the loop looks keys up while an errand fetches newer ones. Times are the boot clock's.
class IssuerKeys {
 public:
  /// From here on keys that came by URL are fetched anew; those of a file when one is missing, and at SIGHUP.
  static constexpr std::int64_t fresh_us = 300 * us_per_s;
  /// From here on they are believed no more, whatever keeps newer ones away.
  static constexpr std::int64_t kept_us = 24 * 3600 * us_per_s;
  /// The least time between two tries, however many ask.
  static constexpr std::int64_t between_tries_us = 10 * us_per_s;

  struct Source {
    std::string issuer;
    std::string jwks;  ///< https URL or absolute path
    std::string authorities = {};
    bool operator==(const Source&) const = default;
  };
  /// `fetch` may be none where `jwks` is a path. `owner`: whose files, besides root's, are believed.
  IssuerKeys(Source source, Fetch* fetch, const Clock& clock, uid_t owner);

  [[nodiscard]] const Source& source() const { return source_; }
  [[nodiscard]] bool is_file() const { return source_.jwks.starts_with('/'); }

  /// None: there never were any, or they are older than `kept_us`.
  [[nodiscard]] std::shared_ptr<const ForeignKeySet> current() const;
  /// Whether a JWT with this kid could be judged better after `refresh`, and it may be called now.
  [[nodiscard]] bool worth_refreshing(std::optional<std::string_view> kid, Algorithm algorithm) const;
  /// Whether none of the keys that are believed now could be the one of a JWT with this kid.
  [[nodiscard]] bool lacks(std::optional<std::string_view> kid, Algorithm algorithm) const;
  /// Blocks: for 3 s at most where nothing is known yet or who asks is `lacking` its key, else for 1 s. One caller
  /// fetches, a second waits for it, and a third does not. Whatever is wrong with what comes, the keys stay the old
  /// ones.
  void refresh(bool lacking = false) noexcept;
  /// Reads now, whenever the last try was; for a file at start and at SIGHUP. bad_request: what is wrong with it.
  [[nodiscard]] Result<void> read_now();
  /// Lets the next look-up fetch anew, and keeps the keys until then.
  void expire();

  struct Status {
    std::size_t keys;
    std::optional<std::int64_t> age_s;  ///< none: there are none
    std::string fault;                  ///< why the last try brought none; empty: it did
  };
  [[nodiscard]] Status status() const;

 private:
  [[nodiscard]] Result<std::string> text(bool can_do_without);
  [[nodiscard]] Result<ForeignKeySet> read(bool can_do_without);
  [[nodiscard]] std::shared_ptr<const ForeignKeySet> believed(std::int64_t now_us) const;
  [[nodiscard]] bool is_stale(std::int64_t now_us) const;
  [[nodiscard]] bool may_try(std::int64_t now_us) const;
  /// None: not now. Else whether there are keys that it can do without.
  [[nodiscard]] std::optional<bool> begin_try();
  void keep(Result<ForeignKeySet> read);

  const Source source_;
  Fetch* const fetch_;
  const Clock& clock_;
  const uid_t owner_;
  std::mutex reading_;
  std::atomic<int> in_refresh_{0};

  mutable std::mutex mutex_;  ///< of everything below; never held while something is waited for
  std::shared_ptr<const ForeignKeySet> keys_;
  std::int64_t read_at_us_ = 0;
  std::optional<std::int64_t> tried_at_us_;
  bool expired_ = false;
  std::string fault_;
};

}  // namespace jeton
