// A path is a checkpoint, a tile or a bundle, in exactly one spelling each.
#include "http/tlog.hpp"

#include <fmt/core.h>

#include "log/archived.hpp"
#include "log/notary.hpp"
#include "log/tile_bytes.hpp"

namespace jeton {
namespace {

constexpr std::string_view prefix = "/tlog/";
constexpr int not_found = 404;

/// A full tile of this name is the same in every larger tree.
Response file_of(std::string bytes, const Tile& tile) {
  return {200, "application/octet-stream", std::move(bytes), tile.is_full()};
}

Response damaged(std::string_view what) {
  return problem({Code::log_unavailable, fmt::format("the log cannot be read: {}; see jeton log verify", what)});
}

}  // namespace

bool is_tlog(const Request& request) {
  return request.method == "GET" && request.body.empty() && request.target.starts_with(prefix);
}

bool is_tlog_entries(std::string_view target) { return target.starts_with("/tlog/tile/entries"); }

Response Tlog::answer(std::string_view target) {
  try {
    return read(target.substr(prefix.size()));
  } catch (const std::exception& error) {  // LogDamaged, a file that cannot be read, a leaf that no event can have
    return damaged(error.what());
  }
}

Response Tlog::read(std::string_view path) {
  const auto tile = tile_named(path), bundle = bundle_named(path);
  const Response none =
      problem({Code::bad_request, "the log has no such file; its checkpoint says how large it is"}, not_found);
  if (!tile && !bundle && path != "checkpoint") return none;

  const std::lock_guard lock(mutex_);
  if (!log_) {
    auto opened = open_();
    if (!opened) return problem(opened.error());
    log_ = std::move(*opened);
  }
  const auto newest = log_->newest_head();
  if (!newest) return none;
  if (path == "checkpoint") return {200, "text/plain; charset=utf-8", note_of(*newest, key_)};
  if (!is_within(tile ? *tile : *bundle, newest->head.size)) return none;
  if (bundle)
    if (const auto archive = log_->archive(); bundle->n * tile_width < archive.first)
      return problem({Code::bad_request, archived_words(archive, "tiles DIR --entries")}, not_found);
  return tile ? file_of(hashes_in(*log_, *tile), *tile) : file_of(bundle_in(*log_, *bundle), *bundle);
}

}  // namespace jeton
