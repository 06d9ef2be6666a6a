// Tiles first, the checkpoint last, and nothing that would not lead to the root that was signed.
#include "log/tile_tree.hpp"

#include <cerrno>
#include <fstream>
#include <optional>
#include <set>
#include <vector>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log/notary.hpp"
#include "log/publisher.hpp"
#include "log/tile_bytes.hpp"
#include "store/whole_file.hpp"

namespace jeton {
namespace {

namespace fs = std::filesystem;

/// The directory, held for one run; else why it is not.
class Held {
 public:
  explicit Held(const fs::path& directory) : fd_(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (fd_ < 0 || ::flock(fd_, LOCK_EX | LOCK_NB) != 0) error_ = errno;
  }
  ~Held() {
    if (fd_ >= 0) ::close(fd_);
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  [[nodiscard]] int error() const { return error_; }

 private:
  int fd_;
  int error_ = 0;
};

/// A refusal on its way out of the work on many files; write_tiles makes a Result of it.
struct Refused {
  Error error;
};

void must(Result<void> done) {
  if (!done) throw Refused{std::move(done.error())};
}

[[noreturn]] void other_log(const std::string& what) {
  throw Refused{{Code::bad_signature, what + "; name a new directory, or remove this one"}};
}

class Run {
 public:
  Run(const LogReader& log, const NoteKey& key, fs::path directory, Entries entries)
      : log_(log), key_(key), directory_(std::move(directory)), with_entries_(entries == Entries::yes) {}

  TilesWritten run(const SignedHead& newest) {
    size_ = newest.head.size;
    const auto note = note_of(newest, key_);
    const auto before = look_at_what_is_there();
    const auto first = log_.archive().first;
    each_tile(size_, [this, first](const Tile& tile) {
      put(tile, path_of(tile), [this, tile] { return hashes_in(log_, tile); });
      // Of archived events there are only the hashes; what an earlier run wrote of them stays.
      if (with_entries_ && tile.level == 0 && tile.n * tile_width >= first)
        put(tile, bundle_path_of(tile), [this, tile] { return bundle_in(log_, tile); });
    });
    for (const auto& folder : touched_) must(sync_directory(folder));
    if (before != note) {
      must(replace_file(directory_ / "checkpoint", note));
      ++written_;
    }
    must(sync_directory(directory_));
    for (const auto& folder : outgrown_) fs::remove_all(folder);
    return {size_, written_};
  }

 private:
  using Bytes = std::function<std::string()>;

  Sha256 subtree(unsigned level, std::uint64_t n) const { return log_.subtree(level, n); }
  Subtree subtrees() const {
    return [this](unsigned level, std::uint64_t n) { return subtree(level, n); };
  }

  /// The checkpoint that stands there, verbatim, once the log is found to have grown out of it.
  std::optional<std::string> look_at_what_is_there() {
    if (fs::exists(directory_ / "jeton.db") || fs::exists(directory_ / "log.key"))
      throw Refused{{Code::bad_request, directory_.string() + " is a state directory; name one for the tiles alone"}};
    if (!with_entries_ && fs::exists(directory_ / "tile" / "entries"))
      throw Refused{{Code::bad_request, fmt::format("{} has the entries up to some event; go on with --entries, or "
                                                    "name another directory",
                                                    directory_.string())}};
    auto note = read_checkpoint_file(directory_ / "checkpoint");
    if (!note) throw Refused{std::move(note.error())};
    if (!*note) return std::nullopt;
    const auto place = (directory_ / "checkpoint").string();
    const auto there = Checkpoint::open(**note, key_);
    if (!there) other_log(fmt::format("the checkpoint in {} is not this log's: {}", place, there.error().message));
    if (there->size > size_)
      other_log(
          fmt::format("the checkpoint in {} is of {} events, and this log signed for {}: another log, or an older "
                      "one that was put back",
                      place, there->size, size_));
    if (edge_at(there->size, subtrees()).root() != there->root)
      other_log(fmt::format("the first {} events are not those of the checkpoint in {}", there->size, place));
    settled_ = there->size;
    return std::move(*note);
  }

  /// A tile of this name is the same in every larger tree of one log. So what is complete under the checkpoint found
  /// there stays unread; what is above it can be what an earlier run had time for, or a stranger's.
  void put(const Tile& tile, const std::string& name, const Bytes& bytes) {
    const auto file = directory_ / name;
    const bool there = fs::exists(file);
    if (there && tile.end() <= settled_) return;
    const auto wanted = bytes();
    if (there && beginning_of(file, wanted.size() + 1) != wanted)
      other_log(fmt::format("{} is there and not of this log", file.string()));
    if (!there) write(file, wanted);
    if (tile.is_full()) outgrown_.push_back(file.string() + ".p");
  }

  void write(const fs::path& file, const std::string& bytes) {
    make_folder(file.parent_path());
    must(replace_file(file, bytes));
    touched_.insert(file.parent_path());
    ++written_;
  }

  void make_folder(const fs::path& folder) {
    if (folder == directory_ || touched_.count(folder) == 1 || fs::is_directory(folder)) return;
    make_folder(folder.parent_path());
    // The one gate to the leaves: opened on purpose or not at all, and never open for a moment that a crash could make
    // last.
    const mode_t mode = folder == directory_ / "tile" / "entries" ? 0700 : 0777;
    if (::mkdir(folder.c_str(), mode) != 0 && errno != EEXIST)
      throw fs::filesystem_error("make", folder, std::error_code(errno, std::generic_category()));
    touched_.insert(folder.parent_path());
  }

  static std::string beginning_of(const fs::path& file, std::size_t bytes) {
    std::ifstream in(file, std::ios::binary);
    std::string text(bytes, '\0');
    in.read(text.data(), static_cast<std::streamsize>(bytes));
    text.resize(static_cast<std::size_t>(in.gcount()));
    return text;
  }

  const LogReader& log_;
  const NoteKey& key_;
  fs::path directory_;
  bool with_entries_;
  std::uint64_t size_ = 0;
  std::uint64_t settled_ = 0;  ///< events under the checkpoint that was there
  std::uint64_t written_ = 0;
  std::set<fs::path> touched_;      ///< folders with something new in them
  std::vector<fs::path> outgrown_;  ///< folders of partial tiles whose full one is there
};

Result<SignedHead> head_to_show(const LogReader& log, const NoteKey& key) {
  const auto newest = log.newest_head();
  if (!newest) return refuse(Code::log_unavailable, "nothing is signed for yet; start jetond once");
  if (!key.holds(Checkpoint{key.name(), newest->head.size, newest->head.root}.text(), newest->signature))
    return refuse(Code::bad_signature, "this key did not sign the log's newest checkpoint; see jeton log verify");
  const auto subtree = [&log](unsigned level, std::uint64_t n) { return log.subtree(level, n); };
  if (edge_at(newest->head.size, subtree).root() != newest->head.root)
    throw LogDamaged("the stored tree has not the root that was signed");
  return *newest;
}

}  // namespace

Result<TilesWritten> write_tiles(const LogReader& log, const NoteKey& key, const fs::path& directory, Entries entries) {
  try {
    const auto newest = head_to_show(log, key);
    if (!newest) return refuse(newest.error());
    fs::create_directories(directory);
    const Held held(directory);
    if (held.error() == EWOULDBLOCK)
      return refuse(Code::bad_request,
                    fmt::format("{} is being written by another run; try again when it is done", directory.string()));
    if (held.error() != 0)
      throw fs::filesystem_error("hold", directory, std::error_code(held.error(), std::generic_category()));
    return Run(log, key, directory, entries).run(*newest);
  } catch (Refused& refused) {
    return refuse(std::move(refused.error));
  } catch (const LogDamaged& error) {
    return refuse(Code::log_unavailable, fmt::format("the log is damaged: {}; see jeton log verify", error.what()));
  } catch (const fs::filesystem_error& error) {
    return refuse(Code::log_unavailable,
                  fmt::format("cannot write {}: {}", error.path1().string(), error.code().message()));
  } catch (const std::logic_error& error) {  // the leaf of a text or number that no event can have
    return refuse(Code::log_unavailable, fmt::format("the log is damaged: {}; see jeton log verify", error.what()));
  }
}

}  // namespace jeton
