// Where an offline verifier burns tokens: the port, and the store in a file that the processes of one machine share.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "jeton/error.hpp"
#include "jeton/redemption_key.hpp"
#include "jeton/token.hpp"

namespace jeton {

/// What a store answers to whom the token is spent for.
struct Burn {
  std::int64_t redeemed_at;  ///< NumericDate of the first time
  bool repeated;             ///< the same redemption was answered before
};

/// The tokens that are spent. One store for all replicas of one server name: two stores spend a token twice.
/// Implementations are thread-safe.
class ReplayStore {
 public:
  virtual ~ReplayStore() = default;

  /// Spends the token: at most one redemption ever succeeds for its jti, whatever crashes and however often the store
  /// is opened again. Durable when this returns. `wall_us` is the verifier's wall clock.
  ///
  /// The same token for the same redemption gets the same answer until 600 s after its `exp`; any other second use is
  /// already_redeemed. Else expired and not_yet_valid as `VerifiedToken::in_time` says.
  ///
  /// A record may be forgotten once its token's repeat window is over. From then on every token that expires no later
  /// than the newest one forgotten is expired, whatever the clock says: a clock that is set back un-burns nothing.
  ///
  /// log_unavailable when the store cannot be read or written: *unknown*, ask again with the same redemption.
  [[nodiscard]] virtual Result<Burn> burn(const VerifiedToken& token, const RedemptionKey& redemption,
                                          std::int64_t wall_us) = 0;
};

/// A store in an SQLite file, made when it is missing, mode 0600, for any number of processes of one account on one
/// machine. The file must be on a local disk: WAL is shared memory, and a network file system does not share it.
/// Its directory and the file must belong to this account (the directory may be root's) and nobody else may write
/// there: who can replace the file can make spent tokens good again. So can a restored backup and a deleted file, for
/// the tokens that are still in time: never restore one; stop the verifiers and wait 130 s before deleting it.
///
/// bad_request for a file or directory that others could write, for a file of another program or a newer version (it is
/// left as it is); log_unavailable when it is damaged, locked for long or cannot be made. A store that is opened before
/// fork answers log_unavailable in the child: open one there. So does one whose file was replaced under it.
[[nodiscard]] Result<std::unique_ptr<ReplayStore>> open_sqlite_replay_store(const std::filesystem::path& file);

}  // namespace jeton
