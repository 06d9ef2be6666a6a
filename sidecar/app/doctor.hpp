// What is wrong, or weaker than it could be, and what to type: one diagnosis each.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "app/config.hpp"
#include "jeton/json.hpp"

namespace jeton {

/// `error`: something does not work, or a promise does not hold. `warning`: a promise is weaker than it looks. `note`:
/// good to know.
enum class Urgency { note, warning, error };
[[nodiscard]] std::string_view name_of(Urgency urgency);

struct Diagnosis {
  Urgency urgency;
  std::string what;     ///< one sentence
  std::string why;      ///< why it matters
  std::string to_type;  ///< a command, or a line of the configuration
};
using Diagnoses = std::vector<Diagnosis>;

/// What ends sooner than this is worth a warning.
inline constexpr std::int64_t ends_soon_s = 14 * 86'400;
/// "2026-11-21" of a NumericDate; "?" of one that no calendar has.
[[nodiscard]] std::string date_of(std::int64_t time_s);

/// What a configuration that can be read still gets wrong: accounts that are not told apart, servers anybody may redeem
/// for, grants of everything, entries that nothing uses. `daemon_uid` is the account jetond runs as.
[[nodiscard]] Diagnoses examine_config(const Config& config, uid_t daemon_uid);

/// The part of it about who is believed without a kernel: key files, keys that are kept, prefixes that are too wide.
[[nodiscard]] Diagnoses examine_trust(const Config& config, uid_t daemon_uid);

/// The state directory and the files in it: owner, modes, whether the log can be opened, room on the disk, events older
/// than `retain_days` (0: none is too old). Changes nothing.
[[nodiscard]] Diagnoses examine_state(const std::filesystem::path& state, std::int64_t reserve_bytes,
                                      std::int64_t retain_days = 0);

/// Puts one question to the engine of [policy], about a call that nobody makes, and waits for its answer: any decision
/// will do.
[[nodiscard]] Diagnoses examine_engine(const Config& config, uid_t daemon_uid);

/// What a running daemon says about itself (`GET /v1/status`), in full or as somebody without a part sees it.
[[nodiscard]] Diagnoses examine_status(const Json& status, std::string_view version_here);
/// The part of it about the certificate that lets others pin one key for the whole trust domain.
[[nodiscard]] Diagnoses examine_domain(const Json& status, std::int64_t now_s);
/// The files of [tls] against the clock, against the issuer's host and against what the daemon shows (`status`; an
/// object without members where none answers).
[[nodiscard]] Diagnoses examine_tls(const Config& config, const Json& status, uid_t daemon_uid, std::int64_t now_s);
/// The part of it about issuers whose keys are not renewed.
[[nodiscard]] Diagnoses examine_issuers(const Json& status);
/// The part of it about federation tokens, which are reusable, and where the keys that sign them lie.
[[nodiscard]] Diagnoses examine_federation(const Json& status);

}  // namespace jeton
