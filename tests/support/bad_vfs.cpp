// Files as two images, what programs see and what is on the disk, and the pages in which they differ.
#include "support/bad_vfs.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <string_view>

namespace jeton::testing {
namespace {

constexpr std::size_t page_bytes = 4096, sector_bytes = 512;

std::string_view part_of(const std::string& bytes, std::size_t from, std::size_t count) {
  return from >= bytes.size() ? std::string_view() : std::string_view(bytes).substr(from, count);
}

}  // namespace

struct BadVfs::File {
  std::string seen, durable;
  std::set<std::size_t> dirty;  ///< pages
  bool on_disk = false;         ///< a file that was never synced is gone after a crash
  std::vector<std::unique_ptr<char[]>> shared;

  void write(std::size_t at, std::string_view bytes) {
    if (seen.size() < at + bytes.size()) seen.resize(at + bytes.size());
    std::copy(bytes.begin(), bytes.end(), seen.begin() + static_cast<std::ptrdiff_t>(at));
    for (auto page = at / page_bytes; page * page_bytes < at + bytes.size(); ++page) dirty.insert(page);
  }
  void keep(std::size_t from, std::size_t count) {
    const auto bytes = part_of(seen, from, count);
    if (durable.size() < from + bytes.size()) durable.resize(from + bytes.size());
    std::copy(bytes.begin(), bytes.end(), durable.begin() + static_cast<std::ptrdiff_t>(from));
  }
  void sync() {
    for (const auto page : dirty) keep(page * page_bytes, page_bytes);
    dirty.clear();
    durable.resize(seen.size());
    on_disk = true;
  }
  void crash(std::optional<unsigned> seed) {
    std::mt19937 random(seed.value_or(0));
    for (const auto page : dirty)
      for (std::size_t sector = 0; seed && sector < page_bytes; sector += sector_bytes)
        if (random() % 2 == 0) keep(page * page_bytes + sector, sector_bytes);
    if (seed && random() % 2 == 0) on_disk = true;
    seen = durable;
    dirty.clear();
    shared.clear();
  }
};

/// What SQLite allocates for us; the rest hangs on it.
struct BadVfs::Handle {
  sqlite3_file base;
  BadVfs* disk;
  std::shared_ptr<File>* file;
  unsigned boot;

  [[nodiscard]] bool dead() const { return boot != disk->boots_ || disk->down_; }
};

/// The functions SQLite calls.
struct BadVfsCalls {
  using Handle = BadVfs::Handle;
  using Fault = BadVfs::Fault;
  static Handle& of(sqlite3_file* file) { return *reinterpret_cast<Handle*>(file); }
  static BadVfs& of(sqlite3_vfs* vfs) { return *static_cast<BadVfs*>(vfs->pAppData); }

  static int close(sqlite3_file* file) {
    delete of(file).file;
    of(file).file = nullptr;
    return SQLITE_OK;
  }
  static int read(sqlite3_file* file, void* into, int count, sqlite3_int64 at) {
    if (of(file).dead()) return SQLITE_IOERR_READ;
    const auto bytes = part_of((*of(file).file)->seen, static_cast<std::size_t>(at), static_cast<std::size_t>(count));
    std::memset(into, 0, static_cast<std::size_t>(count));
    std::copy(bytes.begin(), bytes.end(), static_cast<char*>(into));
    return bytes.size() == static_cast<std::size_t>(count) ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
  }
  static int write(sqlite3_file* file, const void* from, int count, sqlite3_int64 at) {
    if (of(file).dead()) return SQLITE_IOERR_WRITE;
    if (const auto fault = of(file).disk->next_fault(false))
      return *fault == Fault::full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    (*of(file).file)
        ->write(static_cast<std::size_t>(at), {static_cast<const char*>(from), static_cast<std::size_t>(count)});
    return SQLITE_OK;
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    if (of(file).dead() || of(file).disk->next_fault(false)) return SQLITE_IOERR_TRUNCATE;
    (*of(file).file)->seen.resize(static_cast<std::size_t>(size));
    return SQLITE_OK;
  }
  static int sync(sqlite3_file* file, int) {
    if (of(file).dead()) return SQLITE_IOERR_FSYNC;
    auto& it = **of(file).file;
    if (const auto fault = of(file).disk->next_fault(true)) {
      if (*fault == Fault::forgetful) it.dirty.clear();
      return SQLITE_IOERR_FSYNC;
    }
    it.sync();
    return SQLITE_OK;
  }
  static int size(sqlite3_file* file, sqlite3_int64* bytes) {
    *bytes = static_cast<sqlite3_int64>((*of(file).file)->seen.size());
    return of(file).dead() ? SQLITE_IOERR_FSTAT : SQLITE_OK;
  }

  static int lock(sqlite3_file*, int) { return SQLITE_OK; }
  static int is_reserved(sqlite3_file*, int* reserved) {
    *reserved = 0;
    return SQLITE_OK;
  }
  static int control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
  static int sector(sqlite3_file*) { return page_bytes; }
  static int traits(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

  static int shared_memory(sqlite3_file* file, int region, int bytes, int extend, void volatile** out) {
    auto& shared = (*of(file).file)->shared;
    *out = nullptr;
    if (of(file).dead()) return SQLITE_IOERR_SHMMAP;
    while (extend != 0 && shared.size() <= static_cast<std::size_t>(region))
      shared.push_back(std::make_unique<char[]>(static_cast<std::size_t>(bytes)));
    if (static_cast<std::size_t>(region) < shared.size()) *out = shared[static_cast<std::size_t>(region)].get();
    return SQLITE_OK;
  }
  static int shared_lock(sqlite3_file*, int, int, int) { return SQLITE_OK; }
  static void shared_barrier(sqlite3_file*) {}
  static int shared_unmap(sqlite3_file* file, int) {
    if (!of(file).dead()) (*of(file).file)->shared.clear();
    return SQLITE_OK;
  }

  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    static const sqlite3_io_methods methods{
        2,       close,  read,   write,         truncate,    sync,           size,         lock,    lock,   is_reserved,
        control, sector, traits, shared_memory, shared_lock, shared_barrier, shared_unmap, nullptr, nullptr};
    auto& disk = of(vfs);
    file->pMethods = nullptr;
    if (disk.down_ || name == nullptr) return SQLITE_CANTOPEN;
    auto found = disk.files_.find(name);
    if (found == disk.files_.end()) {
      if ((flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
      found = disk.files_.emplace(name, std::make_shared<BadVfs::File>()).first;
    }
    new (file) Handle{{&methods}, &disk, new std::shared_ptr<BadVfs::File>(found->second), disk.boots_};
    if (out_flags != nullptr) *out_flags = flags;
    return SQLITE_OK;
  }
  static int remove(sqlite3_vfs* vfs, const char* name, int) {
    if (of(vfs).down_) return SQLITE_IOERR_DELETE;
    return of(vfs).files_.erase(name) == 1 ? SQLITE_OK : SQLITE_IOERR_DELETE_NOENT;
  }
  static int access(sqlite3_vfs* vfs, const char* name, int, int* is_there) {
    *is_there = of(vfs).files_.contains(name) ? 1 : 0;
    return SQLITE_OK;
  }
  static int full_path(sqlite3_vfs*, const char* name, int size, char* out) {
    sqlite3_snprintf(size, out, "%s", name);
    return SQLITE_OK;
  }
};

BadVfs::BadVfs() : below_(sqlite3_vfs_find(nullptr)), vfs_(*below_) {
  vfs_.zName = "jeton-bad";
  vfs_.pNext = nullptr;
  vfs_.pAppData = this;
  vfs_.szOsFile = sizeof(Handle);
  vfs_.xOpen = BadVfsCalls::open;
  vfs_.xDelete = BadVfsCalls::remove;
  vfs_.xAccess = BadVfsCalls::access;
  vfs_.xFullPathname = BadVfsCalls::full_path;
  sqlite3_vfs_register(&vfs_, 1);
}

BadVfs::~BadVfs() {
  sqlite3_vfs_unregister(&vfs_);
  sqlite3_vfs_register(below_, 1);
}

std::size_t BadVfs::bytes_of(const std::string& name) const {
  const auto found = files_.find(name);
  return found == files_.end() ? 0 : found->second->seen.size();
}

void BadVfs::fail_at(std::uint64_t operation, Fault fault) {
  fail_at_ = operation;
  fault_ = fault;
  struck_ = struck_sync_ = false;
}

std::optional<BadVfs::Fault> BadVfs::next_fault(bool sync) {
  if (++operations_ != fail_at_) return std::nullopt;
  struck_ = true;
  struck_sync_ = sync;
  down_ = fault_ == Fault::crash;
  return fault_;
}

void BadVfs::reboot(std::optional<unsigned> seed) {
  std::erase_if(files_, [&](auto& entry) {
    entry.second->crash(seed);
    return !entry.second->on_disk;
  });
  down_ = false;
  ++boots_;
}

}  // namespace jeton::testing
