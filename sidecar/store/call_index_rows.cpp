// Folding events into the rows of a call index: the same rules as store/call.cpp, kept to what a search asks for.
#include "store/call_index_rows.hpp"

#include <algorithm>

namespace jeton {

// `kind` makes any mix of agent, tool, server and stage one look-up. `early` holds refusals of calls that nobody has
// opened yet. A NULL in `expires_at` is a call without a live token.
const std::string_view call_index_schema = R"sql(
CREATE TABLE meta (origin TEXT NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL) STRICT;
CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE kind (id INTEGER PRIMARY KEY, agent INTEGER NOT NULL, tool INTEGER NOT NULL, server INTEGER NOT NULL,
                   stage INTEGER NOT NULL, UNIQUE (agent, tool, server, stage)) STRICT;
CREATE TABLE call (first INTEGER PRIMARY KEY, txn BLOB NOT NULL, kind INTEGER NOT NULL, opened_us INTEGER NOT NULL,
                   run INTEGER, session INTEGER, call_id TEXT, expires_at INTEGER, newest INTEGER) STRICT;
CREATE UNIQUE INDEX call_of_txn ON call (txn);
CREATE INDEX call_of_kind ON call (kind, first);
CREATE INDEX call_of_run ON call (run, first) WHERE run IS NOT NULL;
CREATE INDEX call_of_session ON call (session, first) WHERE session IS NOT NULL;
CREATE INDEX call_of_id ON call (call_id, first) WHERE call_id IS NOT NULL;
CREATE INDEX call_live ON call (expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE refusal (code INTEGER NOT NULL, first INTEGER NOT NULL, PRIMARY KEY (code, first)) STRICT, WITHOUT ROWID;
CREATE TABLE early (txn BLOB NOT NULL, code INTEGER NOT NULL, PRIMARY KEY (txn, code)) STRICT, WITHOUT ROWID;
CREATE TABLE token (at INTEGER PRIMARY KEY, jti INTEGER, sha256 INTEGER) STRICT;
CREATE INDEX token_of_jti ON token (jti) WHERE jti IS NOT NULL;
CREATE INDEX token_of_sha256 ON token (sha256) WHERE sha256 IS NOT NULL;
CREATE TABLE start (at INTEGER PRIMARY KEY) STRICT;
CREATE TABLE span (n INTEGER PRIMARY KEY, earliest_us INTEGER NOT NULL, latest_us INTEGER NOT NULL) STRICT;
)sql";

namespace {

void run(SQLite::Statement& statement) {
  statement.exec();
  statement.reset();
}

void bind_or_null(SQLite::Statement& statement, int index, bool there, std::int64_t value) {
  if (there)
    statement.bind(index, value);
  else
    statement.bind(index);
}

void bind(SQLite::Statement& statement, int index, const Txn& txn) {
  statement.bind(index, txn.bytes.data(), static_cast<int>(txn.bytes.size()));
}

constexpr const char* with_refusal = "INSERT OR IGNORE INTO refusal (code, first) ";

}  // namespace

std::int64_t head_of(std::span<const unsigned char> bytes) {
  std::uint64_t head = 0;
  for (std::size_t i = 0; i < sizeof head; ++i) head = head << 8 | bytes[i];
  return static_cast<std::int64_t>(head);
}

CallIndexWriter::CallIndexWriter(SQLite::Database& db)
    : find_call_(db,
                 "SELECT first, kind, opened_us, run, session, call_id, expires_at, newest FROM call WHERE txn = ?"),
      put_call_(db,
                "INSERT INTO call (kind, run, session, call_id, expires_at, newest, first, txn, opened_us) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"),
      change_call_(db,
                   "UPDATE call SET kind = ?, run = ?, session = ?, call_id = ?, expires_at = ?, newest = ? "
                   "WHERE first = ?"),
      find_kind_(db, "SELECT id FROM kind WHERE agent = ? AND tool = ? AND server = ? AND stage = ?"),
      put_kind_(db, "INSERT INTO kind (agent, tool, server, stage) VALUES (?, ?, ?, ?) RETURNING id"),
      kind_by_id_(db, "SELECT agent, tool, server, stage FROM kind WHERE id = ?"),
      find_word_(db, "SELECT id FROM word WHERE text = ?"),
      put_word_(db, "INSERT INTO word (text) VALUES (?) RETURNING id"),
      put_token_(db, "INSERT OR REPLACE INTO token (at, jti, sha256) VALUES (?, ?, ?)"),
      put_start_(db, "INSERT OR REPLACE INTO start (at) VALUES (?)"),
      put_refusal_(db, std::string(with_refusal) + "VALUES (?, ?)"),
      put_early_(db, "INSERT OR IGNORE INTO early (txn, code) VALUES (?, ?)"),
      move_early_(db, std::string(with_refusal) + "SELECT code, ?2 FROM early WHERE txn = ?1"),
      drop_early_(db, "DELETE FROM early WHERE txn = ?"),
      put_span_(db,
                "INSERT INTO span (n, earliest_us, latest_us) VALUES (?1, ?2, ?2) ON CONFLICT (n) DO UPDATE SET "
                "earliest_us = min(earliest_us, ?2), latest_us = max(latest_us, ?2)") {}

void CallIndexWriter::see(const Event& event) {
  if (event.kind == EventKind::sidecar_started) {
    put_start_.bind(1, static_cast<std::int64_t>(event.log_index));
    return run(put_start_);
  }
  const bool refused = event.kind == EventKind::request_refused;
  const bool minted = event.kind == EventKind::token_minted || event.kind == EventKind::federation_minted;
  if (minted || (refused && !event.txn && event.token_sha256)) keep_token(event);
  if (!event.txn) return;
  auto* row = row_of(*event.txn);
  if (refused) return refuse(row, event);
  if (row == nullptr && (event.kind == EventKind::call_opened || event.kind == EventKind::token_minted)) {
    open(event);
    row = row_of(*event.txn);
  }
  if (row != nullptr) apply(*row, event);
}

void CallIndexWriter::flush() {
  for (const auto& [txn, row] : rows_) write(txn, row);
  rows_.clear();
}

CallIndexWriter::Row* CallIndexWriter::row_of(const Txn& txn) {
  const auto known = rows_.find(txn);
  return known != rows_.end() ? &known->second : load(txn);
}

CallIndexWriter::Row* CallIndexWriter::load(const Txn& txn) {
  bind(find_call_, 1, txn);
  if (!find_call_.executeStep()) {
    find_call_.reset();
    return nullptr;
  }
  Row row;
  row.is_new = false;
  row.first = static_cast<std::uint64_t>(find_call_.getColumn(0).getInt64());
  kind_by_id_.bind(1, find_call_.getColumn(1).getInt64());
  if (kind_by_id_.executeStep())
    row.kind = {kind_by_id_.getColumn(0).getInt64(), kind_by_id_.getColumn(1).getInt64(),
                kind_by_id_.getColumn(2).getInt64(), static_cast<CallStage>(kind_by_id_.getColumn(3).getInt())};
  kind_by_id_.reset();
  row.opened_us = find_call_.getColumn(2).getInt64();
  row.run = find_call_.getColumn(3).getInt64();
  row.session = find_call_.getColumn(4).getInt64();
  if (!find_call_.getColumn(5).isNull()) row.call_id = find_call_.getColumn(5).getString();
  row.expires_at = find_call_.getColumn(6).getInt64();
  row.minted = !find_call_.getColumn(7).isNull();
  row.newest = find_call_.getColumn(7).getInt64();
  find_call_.reset();
  return &rows_.emplace(txn, std::move(row)).first->second;
}

void CallIndexWriter::open(const Event& event) {
  Row row;
  row.first = event.log_index;
  row.kind = {word(event.agent.value_or("")), word(event.tool.value_or("")), word(event.server.value_or("")),
              CallStage::opened};
  row.opened_us = event.time_us;
  if (event.run_id) row.run = word(*event.run_id);
  if (event.session_id) row.session = word(*event.session_id);
  row.call_id = event.call_id;
  put_span_.bind(1, static_cast<std::int64_t>(event.log_index) / span_events);
  put_span_.bind(2, event.time_us);
  run(put_span_);
  bind(move_early_, 1, *event.txn);
  move_early_.bind(2, static_cast<std::int64_t>(event.log_index));
  run(move_early_);
  bind(drop_early_, 1, *event.txn);
  run(drop_early_);
  rows_.emplace(*event.txn, std::move(row));
}

void CallIndexWriter::apply(Row& row, const Event& event) {
  if (event.kind == EventKind::token_minted) return mint(row, event);
  auto& stage = row.kind.stage;
  if (event.kind == EventKind::token_revoked && !event.jti && !row.minted) stage = CallStage::revoked;
  // Only the newest attempt is searched for; spent is for ever, as for the call itself.
  if (!row.minted || !event.jti || head_of(event.jti->bytes) != row.newest || stage == CallStage::redeemed) return;
  if (event.kind == EventKind::token_redeemed) stage = CallStage::redeemed;
  if (stage == CallStage::reported) return;
  if (event.kind == EventKind::token_superseded) stage = CallStage::superseded;
  if (event.kind == EventKind::token_revoked) stage = CallStage::revoked;
  if (event.kind == EventKind::call_outcome && event.role == Role::server && stage != CallStage::redeemed)
    stage = CallStage::reported;
}

void CallIndexWriter::mint(Row& row, const Event& event) {
  if (!row.minted) {
    // The first attempt says what the call is for; the opening may have named something else.
    row.kind.tool = word(event.tool.value_or(""));
    row.kind.server = word(event.server.value_or(""));
  }
  row.minted = true;
  row.newest = head_of(event.jti->bytes);
  row.kind.stage = CallStage::unredeemed;
  row.expires_at = event.expires_at.value_or(0);
}

void CallIndexWriter::refuse(const Row* row, const Event& event) {
  if (!event.code) return;
  const auto code = static_cast<int>(*event.code);
  if (row != nullptr) {
    put_refusal_.bind(1, code);
    put_refusal_.bind(2, static_cast<std::int64_t>(row->first));
    return run(put_refusal_);
  }
  bind(put_early_, 1, *event.txn);
  put_early_.bind(2, code);
  run(put_early_);
}

void CallIndexWriter::keep_token(const Event& event) {
  put_token_.bind(1, static_cast<std::int64_t>(event.log_index));
  bind_or_null(put_token_, 2, event.jti.has_value(), event.jti ? head_of(event.jti->bytes) : 0);
  bind_or_null(put_token_, 3, event.token_sha256.has_value(), event.token_sha256 ? head_of(*event.token_sha256) : 0);
  run(put_token_);
}

void CallIndexWriter::write(const Txn& txn, const Row& row) {
  auto& statement = row.is_new ? put_call_ : change_call_;
  statement.bind(1, kind_id(row.kind));
  bind_or_null(statement, 2, row.run != 0, row.run);
  bind_or_null(statement, 3, row.session != 0, row.session);
  if (row.call_id)
    statement.bind(4, *row.call_id);
  else
    statement.bind(4);
  bind_or_null(statement, 5, row.kind.stage == CallStage::unredeemed, row.expires_at);
  bind_or_null(statement, 6, row.minted, row.newest);
  statement.bind(7, static_cast<std::int64_t>(row.first));
  if (row.is_new) {
    bind(statement, 8, txn);
    statement.bind(9, row.opened_us);
  }
  run(statement);
}

std::int64_t CallIndexWriter::word(const std::string& text) {
  if (const auto known = words_.find(text); known != words_.end()) return known->second;
  if (words_.size() > 65'536) words_.clear();
  find_word_.bind(1, text);
  const bool there = find_word_.executeStep();
  if (!there) {
    put_word_.bind(1, text);
    if (!put_word_.executeStep()) throw SQLite::Exception("a word was not kept");
  }
  const auto id = (there ? find_word_ : put_word_).getColumn(0).getInt64();
  if (!there) put_word_.executeStep();
  find_word_.reset();
  put_word_.reset();
  return words_.emplace(text, id).first->second;
}

std::int64_t CallIndexWriter::kind_id(const CallKind& kind) {
  const auto ask = [&kind](SQLite::Statement& statement) {
    statement.bind(1, kind.agent);
    statement.bind(2, kind.tool);
    statement.bind(3, kind.server);
    statement.bind(4, static_cast<int>(kind.stage));
    return statement.executeStep();
  };
  const bool there = ask(find_kind_);
  if (!there && !ask(put_kind_)) throw SQLite::Exception("a kind was not kept");
  const auto id = (there ? find_kind_ : put_kind_).getColumn(0).getInt64();
  if (!there) put_kind_.executeStep();
  find_kind_.reset();
  put_kind_.reset();
  return id;
}

}  // namespace jeton
