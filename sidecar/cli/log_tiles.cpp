// `jeton log tiles`: the log as static files, for clients that know no Jeton.
#include <fmt/core.h>

#include "cli/commands.hpp"
#include "cli/log_access.hpp"
#include "cli/table.hpp"
#include "log/tile_tree.hpp"

namespace jeton::cli {

int log_tiles(const Common& common, const TilesOptions& options) {
  const auto key = key_of(common, std::nullopt);
  if (!key) return tell(common, key.error());
  const auto log = open_log(common);
  if (!log) return tell(common, log.error());
  step_back();
  try {
    const auto written = write_tiles(**log, *key, options.directory, options.entries ? Entries::yes : Entries::no);
    if (!written) return tell(common, written.error());
    if (common.json)
      fmt::print("{}\n", json_for_terminal({{"directory", options.directory},
                                            {"origin", key->name()},
                                            {"size", written->size},
                                            {"entries", options.entries},
                                            {"files_written", written->files}}));
    else
      fmt::print("{} events in {}, {} files written\n", written->size, for_terminal(options.directory), written->files);
    if (options.entries)
      fmt::print(stderr, "jeton: warning: these tiles are the log: whoever can fetch {}/tile/entries reads it\n",
                 for_terminal(options.directory));
    return 0;
  } catch (const std::runtime_error& error) {
    return tell(common, {Code::log_unavailable, fmt::format("the log cannot be read: {}", error.what())});
  }
}

}  // namespace jeton::cli
