// Keeping a call index in step with its log, and throwing it away when it is not of that log.
#include "store/call_index.hpp"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <fmt/core.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jeton/merkle.hpp"
#include "store/call_index_file.hpp"

namespace jeton {
namespace {

// Small pages are read, as everywhere; more of them make one commit.
constexpr std::size_t page_events = 256;
constexpr std::uint64_t commit_events = 50'000;

[[noreturn]] void fail(const std::string& what) { throw std::system_error(errno, std::generic_category(), what); }

/// Made where it is missing; then it must be a directory of this account that nobody else can look into.
void own_directory(const std::filesystem::path& directory) {
  if (directory.has_parent_path()) std::filesystem::create_directories(directory.parent_path());
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) fail("cannot make " + directory.string());
  struct stat found {};
  if (::lstat(directory.c_str(), &found) != 0) fail("cannot look at " + directory.string());
  errno = EPERM;
  if (!S_ISDIR(found.st_mode) || found.st_uid != ::geteuid() || (found.st_mode & 077) != 0)
    fail(directory.string() + " is not a directory of this account alone");
}

Sha256 root_of(const LogReader& log, std::uint64_t size) {
  return edge_at(size, [&log](unsigned level, std::uint64_t n) { return log.subtree(level, n); }).root();
}

}  // namespace

CallIndex::File::File(std::filesystem::path directory) : directory_(std::move(directory)) {
  if (!directory_.empty()) {
    own_directory(directory_);
    lock();
  }
  try {
    open_db();
  } catch (const SQLite::Exception&) {
    discard();
  }
}

CallIndex::File::~File() {
  db_.reset();
  if (lock_ >= 0) ::close(lock_);
}

void CallIndex::File::lock() {
  const auto file = directory_ / "calls.lock";
  lock_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock_ < 0) fail("cannot open " + file.string());
  constexpr int tries = 200;
  for (int i = 0; ::flock(lock_, LOCK_EX | LOCK_NB) != 0; ++i) {
    if (errno != EWOULDBLOCK || i == tries) {
      ::close(lock_);
      lock_ = -1;
      fail("another process holds " + file.string());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

void CallIndex::File::open_db() {
  const bool on_disk = !directory_.empty();
  const auto file = on_disk ? (directory_ / "calls.db").string() : ":memory:";
  if (on_disk) {
    // SQLite gives what it makes beside a file that file's mode.
    const int made = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (made < 0) fail("cannot open " + file);
    ::fchmod(made, 0600);
    ::close(made);
  }
  db_ = std::make_unique<SQLite::Database>(file, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  db_->exec("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA locking_mode = EXCLUSIVE");
  db_->exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY");
  db_->exec("PRAGMA cache_size = -65536");
  // A few new rows are not worth waiting for the disk: they stay in its write-ahead log until there are more.
  sqlite3_db_config(db_->getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  if (db_->execAndGet("PRAGMA user_version").getInt() == call_index_version) return;
  if (db_->execAndGet("SELECT count(*) FROM sqlite_schema").getInt() != 0)
    throw SQLite::Exception("the index is of another version");
  make_tables();
}

void CallIndex::File::make_tables() {
  SQLite::Transaction transaction(*db_);
  db_->exec(std::string(call_index_schema));
  db_->exec(fmt::format("PRAGMA user_version = {}", call_index_version));
  transaction.commit();
}

void CallIndex::File::discard() {
  db_.reset();
  if (!directory_.empty())
    for (const char* name : {"calls.db", "calls.db-wal", "calls.db-shm", "calls.db-journal"})
      std::filesystem::remove(directory_ / name);
  open_db();
}

std::optional<CallIndex::File::Place> CallIndex::File::place() const {
  SQLite::Statement row(*db_, "SELECT origin, size, root FROM meta");
  if (!row.executeStep()) return std::nullopt;
  Place place{row.getColumn(0).getString(), static_cast<std::uint64_t>(row.getColumn(1).getInt64()), {}};
  const auto root = row.getColumn(2);
  if (root.getBytes() != static_cast<int>(place.root.size())) return std::nullopt;
  std::copy_n(static_cast<const unsigned char*>(root.getBlob()), place.root.size(), place.root.begin());
  return place;
}

void CallIndex::File::set_place(const Place& place) {
  db_->exec("DELETE FROM meta");
  SQLite::Statement insert(*db_, "INSERT INTO meta (origin, size, root) VALUES (?, ?, ?)");
  insert.bind(1, place.origin);
  insert.bind(2, static_cast<std::int64_t>(place.size));
  insert.bind(3, place.root.data(), static_cast<int>(place.root.size()));
  insert.exec();
}

CallIndex::CallIndex(std::unique_ptr<File> file) : file_(std::move(file)) {}
CallIndex::CallIndex(CallIndex&&) noexcept = default;
CallIndex& CallIndex::operator=(CallIndex&&) noexcept = default;
CallIndex::~CallIndex() = default;

Result<CallIndex> CallIndex::open(const std::filesystem::path& directory) {
  if (std::error_code ignored; std::filesystem::exists(directory / "jeton.db", ignored))
    return refuse(Code::bad_request, fmt::format("{} holds a log, and a reader keeps nothing there; name another "
                                                 "directory with --cache",
                                                 directory.string()));
  try {
    return CallIndex(std::make_unique<File>(directory));
  } catch (const std::system_error& error) {
    return refuse(Code::log_unavailable, fmt::format("no index of the log can be kept: {}", error.what()));
  } catch (const SQLite::Exception& error) {
    return refuse(Code::log_unavailable, fmt::format("no index of the log can be kept: {}", error.what()));
  }
}

CallIndex CallIndex::in_memory() { return CallIndex(std::make_unique<File>(std::filesystem::path())); }

/// What SQLite says about the index is not what it says about the log.
template <class Work>
auto CallIndex::guarded(Work&& work) const {
  try {
    return work();
  } catch (const SQLite::Exception& error) {
    throw IndexDamaged(fmt::format("the index of the log: {}", error.what()));
  }
}

void CallIndex::catch_up(const LogReader& log, const Progress& progress) {
  const auto end = log.size();
  const auto origin = log.origin();
  auto place = guarded([&] { return file_->place(); });
  if (place && (place->origin != origin || place->size > end || root_of(log, place->size) != place->root)) {
    guarded([&] { file_->discard(); });
    place.reset();
  }
  auto next = place ? place->size : 0;
  const auto began = next;
  // An open_id that comes again when all of its call is archived names another call by the same txn.
  if (const auto first = log.archive().first; place && first > 0)
    guarded([&] {
      if (file_->db().exec(fmt::format("DELETE FROM call WHERE first < {}", first)) > 0)
        file_->db().exec(fmt::format("DELETE FROM refusal WHERE first < {}", first));
    });
  while (next < end) {
    auto transaction = guarded([&] { return std::make_unique<SQLite::Transaction>(file_->db()); });
    auto writer = guarded([&] { return std::make_unique<CallIndexWriter>(file_->db()); });
    for (const auto stop = std::min(end, next + commit_events); next < stop;) {
      const auto page = log.read(next, std::min<std::uint64_t>(page_events, stop - next));
      if (page.empty()) throw LogDamaged(fmt::format("events from {} on are missing", next));
      guarded([&] {
        for (const auto& event : page) writer->see(event);
      });
      next = page.back().log_index + 1;
    }
    const auto root = root_of(log, next);
    guarded([&] {
      writer->flush();
      file_->set_place({origin, next, root});
      transaction->commit();
      writer.reset();
    });
    if (progress) progress(next, end);
  }
  // Whoever opens the file next reads all of what stands in its write-ahead log.
  if (end - began > commit_events / 10) guarded([&] { file_->db().exec("PRAGMA wal_checkpoint(TRUNCATE)"); });
}

void CallIndex::discard() {
  guarded([&] { file_->discard(); });
}

std::vector<LogReader::Opening> CallIndex::candidates(const CallQuery& query, std::uint64_t before,
                                                      std::size_t limit) const {
  return guarded([&] { return search_calls(file_->db(), query, before, limit); });
}

namespace {

std::vector<std::uint64_t> numbers(SQLite::Database& db, const char* sql, std::int64_t key, std::size_t limit) {
  SQLite::Statement select(db, sql);
  select.bind(1, key);
  select.bind(2, static_cast<std::int64_t>(limit));
  std::vector<std::uint64_t> found;
  while (select.executeStep()) found.push_back(static_cast<std::uint64_t>(select.getColumn(0).getInt64()));
  return found;
}

}  // namespace

std::vector<std::uint64_t> CallIndex::events_of(const Jti& jti, std::size_t limit) const {
  return guarded([&] {
    return numbers(file_->db(), "SELECT at FROM token WHERE jti = ? ORDER BY at LIMIT ?", head_of(jti.bytes), limit);
  });
}

std::vector<std::uint64_t> CallIndex::events_of(const Sha256& token, std::size_t limit) const {
  return guarded([&] {
    return numbers(file_->db(), "SELECT at FROM token WHERE sha256 = ? ORDER BY at LIMIT ?", head_of(token), limit);
  });
}

std::optional<std::uint64_t> CallIndex::start_after(std::uint64_t log_index) const {
  const auto found = guarded([&] {
    return numbers(file_->db(), "SELECT at FROM start WHERE at > ? ORDER BY at LIMIT ?",
                   static_cast<std::int64_t>(log_index), 1);
  });
  return found.empty() ? std::nullopt : std::optional(found.front());
}

}  // namespace jeton
