// The file of a call index: locked, opened, emptied, thrown away.
#pragma once

#include <map>

#include "store/call_index_rows.hpp"

namespace jeton {

class CallIndex::File {
 public:
  /// An empty directory is one in memory. Throws SQLite::Exception, or std::system_error for a directory that is not
  /// ours alone.
  explicit File(std::filesystem::path directory);
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  /// What log this is of, and how far.
  struct Place {
    std::string origin;
    std::uint64_t size = 0;
    Sha256 root{};
  };
  [[nodiscard]] std::optional<Place> place() const;
  void set_place(const Place& place);
  void discard();

  [[nodiscard]] SQLite::Database& db() const { return *db_; }

 private:
  void lock();
  void open_db();
  void make_tables();

  std::filesystem::path directory_;
  int lock_ = -1;
  std::unique_ptr<SQLite::Database> db_;
};

/// The calls that fit, newest first. Throws SQLite::Exception.
[[nodiscard]] std::vector<LogReader::Opening> search_calls(SQLite::Database& db, const CallQuery& query,
                                                           std::uint64_t before, std::size_t limit);

}  // namespace jeton
