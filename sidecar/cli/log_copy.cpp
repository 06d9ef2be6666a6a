// `jeton log copy`: a copy for people who must not open the live file.
#include "cli/log_access.hpp"
#include "cli/log_copying.hpp"
#include "cli/table.hpp"
#include "log/notary.hpp"
#include "log/publisher.hpp"

namespace jeton::cli {

Result<SignedHead> copy_log(const Common& common, const LogReader& log, const NoteKey& key,
                            const std::filesystem::path& directory, WithArguments arguments) {
  auto newest = log.newest_head();
  if (!newest) return refuse(Code::log_unavailable, "nothing is signed for yet; start jetond once");
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return refuse(Code::bad_request, fmt::format("cannot make {}", directory.string()));
  if (auto copied = copy_ledger(state_of(common) / "jeton.db", directory / "jeton.db", newest->head.size, arguments);
      !copied)
    return refuse(copied.error());
  for (const auto& [name, text] :
       {std::pair("log.vkey", key.text() + "\n"), std::pair("checkpoint", note_of(*newest, key))})
    if (auto put = put_in_file(directory / name)(text); !put) return refuse(put.error());
  return std::move(*newest);
}

int log_copy(const Common& common, const LogOptions& options) {
  const auto key = key_of(common, std::nullopt);
  if (!key) return tell(common, key.error());
  step_back();
  return with_log(common, [&](const LogReader& log) {
    const auto copied =
        copy_log(common, log, *key, options.directory, options.with_arguments ? WithArguments::yes : WithArguments::no);
    if (!copied) return tell(common, copied.error());
    if (common.json)
      fmt::print("{}\n", json_for_terminal({{"state", options.directory}, {"events", copied->head.size}}));
    else
      fmt::print("{} events in {}; verify them: jeton log verify --state {}\n", copied->head.size, options.directory,
                 options.directory);
    return 0;
  });
}

}  // namespace jeton::cli
