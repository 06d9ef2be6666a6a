// What stands in the file of a call index, and how events are folded into it.
#pragma once

#include <string_view>
#include <unordered_map>

#include <SQLiteCpp/SQLiteCpp.h>

#include "store/call_index.hpp"

namespace jeton {

/// The tables, and the version they are of: an index of another version is thrown away.
extern const std::string_view call_index_schema;
inline constexpr int call_index_version = 2;

/// The first eight bytes of a jti or a hash, as a key: enough for a candidate.
[[nodiscard]] std::int64_t head_of(std::span<const unsigned char> bytes);

/// Rows of the log are seen by stretches of as many: each stretch knows its earliest and latest opening.
inline constexpr std::int64_t span_events = 4096;

/// What calls are alike in. There are few of these however many calls there are.
struct CallKind {
  std::int64_t agent = 0, tool = 0, server = 0;  ///< words
  CallStage stage = CallStage::opened;
  auto operator<=>(const CallKind&) const = default;
};

/// Folds events into rows, in the order of the log, within a transaction of the caller. Throws SQLite::Exception.
class CallIndexWriter {
 public:
  explicit CallIndexWriter(SQLite::Database& db);
  void see(const Event& event);
  /// Writes what was seen.
  void flush();

 private:
  struct Row {
    bool is_new = true;
    std::uint64_t first = 0;
    CallKind kind;
    std::int64_t opened_us = 0;
    std::int64_t run = 0, session = 0;  ///< words; 0 for none
    std::optional<std::string> call_id;
    std::int64_t expires_at = 0;
    std::int64_t newest = 0;  ///< head of the newest attempt's jti
    bool minted = false;
  };
  struct Hash {
    std::size_t operator()(const Txn& txn) const { return static_cast<std::size_t>(head_of(txn.bytes)); }
  };

  Row* row_of(const Txn& txn);
  Row* load(const Txn& txn);
  void open(const Event& event);
  void apply(Row& row, const Event& event);
  void mint(Row& row, const Event& event);
  void refuse(const Row* row, const Event& event);
  void keep_token(const Event& event);
  void write(const Txn& txn, const Row& row);
  std::int64_t word(const std::string& text);
  std::int64_t kind_id(const CallKind& kind);

  SQLite::Statement find_call_, put_call_, change_call_, find_kind_, put_kind_, kind_by_id_, find_word_, put_word_,
      put_token_, put_start_, put_refusal_, put_early_, move_early_, drop_early_, put_span_;
  std::unordered_map<Txn, Row, Hash> rows_;
  std::unordered_map<std::string, std::int64_t> words_;
};

}  // namespace jeton
