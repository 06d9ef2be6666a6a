// `jeton log copy`: a copy for people who must not open the live file.
#include "cli/log_access.hpp"
#include "cli/log_copying.hpp"
#include "cli/table.hpp"
#include "log/notary.hpp"
#include "log/publisher.hpp"

namespace jeton::cli {
namespace {

/// Up to the newest checkpoint, and anew up to a newer one when rows went meanwhile: that one covers what let them go.
Result<SignedHead> copy_to(const std::filesystem::path& file, const Common& common, const LogReader& log,
                           WithArguments arguments, const std::function<void(std::uint64_t next)>& progress) {
  constexpr int tries = 5;  // an operator archives now and then
  for (int i = 1;; ++i) {
    auto newest = log.newest_head();
    if (!newest) return refuse(Code::log_unavailable, "nothing is signed for yet; start jetond once");
    const auto copied = copy_ledger(state_of(common) / "jeton.db", file, newest->head.size, arguments, progress);
    if (copied) return std::move(*newest);
    if (copied.error().code != Code::overloaded || i == tries) return refuse(copied.error());
  }
}

}  // namespace

Result<SignedHead> copy_log(const Common& common, const LogReader& log, const NoteKey& key,
                            const std::filesystem::path& directory, WithArguments arguments,
                            const std::function<void(std::uint64_t next)>& progress) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return refuse(Code::bad_request, fmt::format("cannot make {}", directory.string()));
  auto newest = copy_to(directory / "jeton.db", common, log, arguments, progress);
  if (!newest) return newest;
  for (const auto& [name, text] :
       {std::pair("log.vkey", key.text() + "\n"), std::pair("checkpoint", note_of(*newest, key))})
    if (auto put = put_in_file(directory / name)(text); !put) return refuse(put.error());
  return newest;
}

int log_copy(const Common& common, const LogOptions& options) {
  const auto key = key_of(common, std::nullopt);
  if (!key) return tell(common, key.error());
  step_back();
  return with_log(common, [&](const LogReader& log) {
    const auto copied = [&] {
      ProgressLine line("copied");
      const auto arguments = options.with_arguments ? WithArguments::yes : WithArguments::no;
      return copy_log(common, log, *key, options.directory, arguments,
                      [&, size = log.size()](std::uint64_t next) { line.show(next, size); });
    }();
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
