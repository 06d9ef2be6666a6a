// `jeton log consistency`: that the log only grew since a checkpoint somebody kept.
#include <algorithm>
#include <charconv>

#include <fmt/core.h>

#include "cli/commands.hpp"
#include "cli/log_access.hpp"
#include "cli/table.hpp"
#include "jeton/base64.hpp"
#include "log/growth.hpp"

namespace jeton::cli {
namespace {

/// The older tree as the command line names it: a size, or a checkpoint with its root.
struct Old {
  std::uint64_t size = 0;
  std::optional<Sha256> root;
};

Result<Old> old_of(const std::string& word, const NoteKey& key) {
  const bool is_number =
      !word.empty() && std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (is_number) {
    Old old;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), old.size);
    if (error != std::errc()) return refuse(Code::bad_request, "no log has so many events; name a smaller size");
    return old;
  }
  const auto note = text_of_file(word);
  if (!note) return refuse(Code::bad_request, note.error().message + "; OLD is a size or a file with a checkpoint");
  const auto checkpoint = Checkpoint::open(*note, key);
  if (!checkpoint) return refuse(checkpoint.error());
  return Old{checkpoint->size, checkpoint->root};
}

Json json_of(const Growth& growth, const NoteKey& key) {
  Json path = Json::array();
  for (const auto& hash : growth.proof.path) path.push_back(base64(hash));
  return {{"origin", key.name()},
          {"old", {{"size", growth.old.size}, {"root", hex(growth.old.root)}}},
          {"new", {{"size", growth.newer.size}, {"root", hex(growth.newer.root)}}},
          {"path", std::move(path)},
          {"checkpoint", growth.proof.checkpoint},
          {"proof", growth.proof.text()}};
}

}  // namespace

int log_consistency(const Common& common, const ConsistencyOptions& options) {
  const auto key = key_of(common, options.vkey);
  if (!key) return tell(common, key.error());
  const auto old = old_of(options.old, *key);
  if (!old) return tell(common, old.error());
  const auto log = open_log(common);
  if (!log) return tell(common, log.error());
  try {
    const auto growth = prove_growth(**log, *key, old->size, old->root, options.size);
    if (!growth) return tell(common, growth.error());
    if (common.json) {
      fmt::print("{}\n", json_for_terminal(json_of(*growth, *key)));
      return 0;
    }
    fmt::print("{}", growth->proof.text());
    fmt::print(stderr, "old {} root {}\nnew {} root {}\n", growth->old.size, hex(growth->old.root), growth->newer.size,
               hex(growth->newer.root));
    return 0;
  } catch (const std::runtime_error& error) {
    return tell(common, {Code::log_unavailable, fmt::format("the log cannot be read: {}", error.what())});
  }
}

}  // namespace jeton::cli
