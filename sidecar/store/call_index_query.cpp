// Searching a call index: the narrowest way in, and everything else looked at on the way.
#include <algorithm>
#include <memory>
#include <queue>
#include <unordered_set>

#include <fmt/core.h>

#include "store/call_index_file.hpp"

namespace jeton {
namespace {

/// Where counting ways in stops: beyond it one is as wide as another.
constexpr std::int64_t wide = 16 * 1024;
/// More kinds at once than this are not merged but stepped over.
constexpr std::size_t merged_kinds_max = 256;

/// A way to some of the calls: FROM with a condition, and what is bound to it. It leads through them in the order of
/// `first`, so that a page is read and not a list sorted.
struct Way {
  std::string from, condition;
  std::vector<std::int64_t> numbers;
  std::optional<std::string> text;
  const char* first = "c.first";
  std::string counted = {};  ///< what is counted for its width; empty: `from`
};

void bind(SQLite::Statement& statement, const Way& way, int& next) {
  for (const auto number : way.numbers) statement.bind(next++, number);
  if (way.text) statement.bind(next++, *way.text);
}

std::int64_t width(SQLite::Database& db, const Way& way, std::int64_t most) {
  SQLite::Statement count(db, fmt::format("SELECT count(*) FROM (SELECT 1 FROM {} WHERE {} LIMIT {})",
                                          way.counted.empty() ? way.from : way.counted, way.condition, most));
  int next = 1;
  bind(count, way, next);
  return count.executeStep() ? count.getColumn(0).getInt64() : 0;
}

class Search {
 public:
  Search(SQLite::Database& db, const CallQuery& query) : db_(db), query_(query) {}

  std::vector<LogReader::Opening> run(std::uint64_t before, std::size_t limit) {
    from_ = 0;
    until_ = static_cast<std::int64_t>(std::min<std::uint64_t>(before, INT64_MAX));
    find_kinds();
    if (!find_words() || (narrow_ && kinds_.empty()) || !narrow_by_time()) return {};
    return merge(ways(), limit);
  }

 private:
  [[nodiscard]] std::string text_of(std::int64_t word) {
    SQLite::Statement select(db_, "SELECT text FROM word WHERE id = ?");
    select.bind(1, word);
    return select.executeStep() ? select.getColumn(0).getString() : "";
  }

  bool holds(const CallQuery::Test& test, std::int64_t word, std::unordered_map<std::int64_t, bool>& known) {
    if (!test) return true;
    const auto found = known.find(word);
    return found != known.end() ? found->second : known.emplace(word, test(text_of(word))).first->second;
  }

  void find_kinds() {
    narrow_ = query_.agent || query_.tool || query_.server || query_.stage;
    if (!narrow_) return;
    std::unordered_map<std::int64_t, bool> agents, tools, servers;
    SQLite::Statement all(db_, "SELECT id, agent, tool, server, stage FROM kind");
    while (all.executeStep()) {
      if (query_.stage && all.getColumn(4).getInt() != static_cast<int>(*query_.stage)) continue;
      if (holds(query_.agent, all.getColumn(1).getInt64(), agents) &&
          holds(query_.tool, all.getColumn(2).getInt64(), tools) &&
          holds(query_.server, all.getColumn(3).getInt64(), servers))
        kinds_.insert(all.getColumn(0).getInt64());
    }
  }

  /// False when a word that is asked for is not in the log at all.
  bool find_words() {
    const auto find = [this](const std::optional<std::string>& text, std::int64_t& id) {
      if (!text) return true;
      SQLite::Statement select(db_, "SELECT id FROM word WHERE text = ?");
      select.bind(1, *text);
      if (!select.executeStep()) return false;
      id = select.getColumn(0).getInt64();
      return true;
    };
    return find(query_.run_id, run_) && find(query_.session_id, session_);
  }

  /// Clocks jump, so the order of time is not that of the log; but a stretch of it without a call in the range is none.
  bool narrow_by_time() {
    if (!query_.since_us && !query_.until_us) return true;
    SQLite::Statement spans(db_, "SELECT min(n), max(n) FROM span WHERE latest_us >= ? AND earliest_us < ?");
    spans.bind(1, query_.since_us.value_or(INT64_MIN));
    spans.bind(2, query_.until_us.value_or(INT64_MAX));
    if (!spans.executeStep() || spans.getColumn(0).isNull()) return false;
    from_ = spans.getColumn(0).getInt64() * span_events;
    until_ = std::min(until_, (spans.getColumn(1).getInt64() + 1) * span_events);
    return true;
  }

  std::vector<Way> ways() {
    std::vector<Way> equal;
    const auto call_by = [](const char* index) { return fmt::format("call c INDEXED BY {}", index); };
    if (query_.call_id) equal.push_back({call_by("call_of_id"), "c.call_id = ?", {}, query_.call_id});
    if (query_.run_id) equal.push_back({call_by("call_of_run"), "c.run = ?", {run_}, {}});
    if (query_.session_id) equal.push_back({call_by("call_of_session"), "c.session = ?", {session_}, {}});
    if (query_.expired == false) equal.push_back({call_by("call_live"), "c.expires_at > ?", {query_.now_s}, {}});
    if (query_.code)
      equal.push_back({"refusal r CROSS JOIN call c ON c.first = r.first",
                       "r.code = ?",
                       {code_number()},
                       {},
                       "r.first",
                       "refusal r"});
    const Way* narrowest = nullptr;
    std::int64_t least = wide;
    for (const auto& way : equal)
      if (const auto found = width(db_, way, wide); found < least || narrowest == nullptr)
        std::tie(narrowest, least) = std::pair(&way, found);
    auto by_kind = kind_ways(least);
    if (!by_kind.empty()) return by_kind;
    if (narrowest != nullptr) return {*narrowest};
    return {{"call c NOT INDEXED", "TRUE", {}, {}}};
  }

  /// By kind where that is no wider than `least` or nothing is narrow; empty where another way is better.
  std::vector<Way> kind_ways(std::int64_t least) {
    if (!narrow_ || kinds_.size() > merged_kinds_max) return {};
    std::vector<Way> found;
    std::int64_t sum = 0;
    for (const auto kind : kinds_) {
      found.push_back({"call c INDEXED BY call_of_kind", "c.kind = ?", {kind}, {}});
      if (least == wide) continue;
      sum += width(db_, found.back(), least + 1);
      if (sum > least) return {};
    }
    return found;
  }

  [[nodiscard]] std::int64_t code_number() const { return static_cast<int>(*query_.code); }

  std::vector<LogReader::Opening> merge(const std::vector<Way>& ways, std::size_t limit) {
    std::vector<std::unique_ptr<SQLite::Statement>> streams;
    using Head = std::pair<std::int64_t, std::size_t>;
    std::priority_queue<Head> heads;
    const auto step = [&](std::size_t stream) {
      if (streams[stream]->executeStep()) heads.emplace(streams[stream]->getColumn(0).getInt64(), stream);
    };
    for (const auto& way : ways) {
      streams.push_back(std::make_unique<SQLite::Statement>(
          db_,
          fmt::format("SELECT c.first, c.txn, c.kind, c.opened_us, c.run, c.session, c.call_id, c.expires_at FROM {0} "
                      "WHERE {1} AND {2} < ? AND {2} >= ? ORDER BY {2} DESC",
                      way.from, way.condition, way.first)));
      int next = 1;
      bind(*streams.back(), way, next);
      streams.back()->bind(next++, until_);
      streams.back()->bind(next, from_);
      step(streams.size() - 1);
    }
    std::vector<LogReader::Opening> found;
    while (found.size() < limit && !heads.empty()) {
      const auto stream = heads.top().second;
      heads.pop();
      if (fits(*streams[stream])) found.push_back(opening_in(*streams[stream]));
      step(stream);
    }
    return found;
  }

  bool fits(SQLite::Statement& row) {
    if (narrow_ && kinds_.count(row.getColumn(2).getInt64()) == 0) return false;
    const auto opened = row.getColumn(3).getInt64();
    if (opened < query_.since_us.value_or(INT64_MIN)) return false;
    if (query_.until_us && opened >= *query_.until_us) return false;
    if (query_.run_id && row.getColumn(4).getInt64() != run_) return false;
    if (query_.session_id && row.getColumn(5).getInt64() != session_) return false;
    if (query_.call_id && row.getColumn(6).getString() != *query_.call_id) return false;
    if (query_.expired && *query_.expired != (query_.now_s >= row.getColumn(7).getInt64())) return false;
    return !query_.code || was_refused(row.getColumn(0).getInt64());
  }

  bool was_refused(std::int64_t first) {
    if (!refused_)
      refused_ = std::make_unique<SQLite::Statement>(db_, "SELECT 1 FROM refusal WHERE code = ? AND first = ?");
    refused_->bind(1, code_number());
    refused_->bind(2, first);
    const bool found = refused_->executeStep();
    refused_->reset();
    return found;
  }

  static LogReader::Opening opening_in(SQLite::Statement& row) {
    LogReader::Opening opening{{}, static_cast<std::uint64_t>(row.getColumn(0).getInt64())};
    const auto txn = row.getColumn(1);
    if (txn.getBytes() != static_cast<int>(opening.txn.bytes.size()))
      throw SQLite::Exception("the index has an impossible txn");
    std::copy_n(static_cast<const unsigned char*>(txn.getBlob()), opening.txn.bytes.size(), opening.txn.bytes.begin());
    return opening;
  }

  SQLite::Database& db_;
  const CallQuery& query_;
  bool narrow_ = false;  ///< only calls of `kinds_`
  std::unordered_set<std::int64_t> kinds_;
  std::int64_t run_ = 0, session_ = 0;
  std::int64_t from_ = 0, until_ = 0;  ///< indexes of openings: [from_, until_)
  std::unique_ptr<SQLite::Statement> refused_;
};

}  // namespace

std::vector<LogReader::Opening> search_calls(SQLite::Database& db, const CallQuery& query, std::uint64_t before,
                                             std::size_t limit) {
  return Search(db, query).run(before, limit);
}

}  // namespace jeton
