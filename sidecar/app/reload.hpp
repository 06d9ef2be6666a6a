// Another configuration for a running daemon: all of it or nothing, and on record either way.
#pragma once

#include <functional>

#include "app/config.hpp"
#include "exchange/exchange.hpp"
#include "http/stall_guard.hpp"

namespace jeton {

/// Between ticks, on the loop's thread. Whoever refers to the roles, the grants or the configuration sees the new ones
/// from the next request on; tokens that are out stay what they are.
class Reload {
 public:
  struct Parts {
    std::filesystem::path file;
    std::function<Result<Config>()> read;  ///< the file, as this daemon reads it
    Config& config;
    Roles& roles;
    Grants& grants;
    Exchange& exchange;
    std::function<void(const Limits&)> set_limits;
    StallGuard* guard = nullptr;  ///< watches the wait for the disk
    bool landlocked = false;      ///< then no executable is seen any more
    /// Whatever else depends on the configuration: what can fail is done at once, and what cannot by the result.
    std::function<Result<std::function<void()>>(const Config&)> prepare = [](const Config&) {
      return std::function<void()>([] {});
    };
  };
  explicit Reload(Parts parts) : parts_(std::move(parts)) {}

  /// Reads the file again. The new configuration is in force only when its `config.loaded` is durable; for what cannot
  /// be, the old one stays, `config.rejected` is written, and the operator told why.
  void operator()();

 private:
  void replace_by(Config config, const std::function<void()>& take_effect);
  [[nodiscard]] Result<void> record(const std::function<void()>& what);
  void keep_old(const Error& why, const std::string& detail);

  Parts parts_;
};

/// The key that a running daemon cannot change and that differs, if any; `landlock` as well where `landlocked` would
/// make a rule that asks for an executable never hold.
[[nodiscard]] std::optional<std::string_view> needs_restart(const Config& running, const Config& wanted,
                                                            bool landlocked);

/// Inside `Exchange::transact`: the configuration that is in force from here on.
void record_loaded(Exchange& exchange, const Config& config);

}  // namespace jeton
