// What stands in jeton.db: events in typed columns, the words they share, and a name for the ledger.
#include "store/schema/schema.hpp"

#include <array>

#include "jeton/event.hpp"
#include "store/schema/views.hpp"

namespace jeton {
namespace {

// event_of_txn leads from a call to its few events; `event` in the key lets a look-up step over refusals, which a
// hostile caller can make many of. event_spent is the last word on "at most once": no code path can spend a jti twice.
constexpr std::string_view step_1 = R"sql(
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE term (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE event (
  log_index         INTEGER PRIMARY KEY,
  event             INTEGER NOT NULL,
  time_us           INTEGER NOT NULL,
  txn               TEXT,
  jti               TEXT,
  agent             INTEGER REFERENCES term (id),
  server            INTEGER REFERENCES term (id),
  tool              INTEGER REFERENCES term (id),
  attempt           INTEGER,
  "grant"           INTEGER REFERENCES term (id),
  role              INTEGER,
  uid               INTEGER,
  gid               INTEGER,
  pid               INTEGER,
  exe               INTEGER REFERENCES term (id),
  exe_sha256        INTEGER REFERENCES term (id),
  unit              INTEGER REFERENCES term (id),
  socket            INTEGER REFERENCES term (id),
  verb              INTEGER,
  code              INTEGER,
  call_id           TEXT,
  run_id            INTEGER REFERENCES term (id),
  session_id        INTEGER REFERENCES term (id),
  parent_txn        TEXT,
  traceparent       TEXT,
  framework         INTEGER REFERENCES term (id),
  agent_label       INTEGER REFERENCES term (id),
  token_sha256      BLOB,
  args_mac          BLOB,
  expires_at        INTEGER,
  previous          INTEGER,
  redemption        TEXT,
  prior_redemptions INTEGER,
  self_redeemed     INTEGER,
  cites             INTEGER,
  first_uid         INTEGER,
  first_pid         INTEGER,
  outcome           INTEGER,
  detail            TEXT,
  duration_ms       INTEGER,
  receipt           INTEGER,
  count             INTEGER,
  first_us          INTEGER,
  last_us           INTEGER,
  config_sha256     BLOB
) STRICT;
CREATE INDEX event_of_txn ON event (txn, event) WHERE txn IS NOT NULL;
CREATE UNIQUE INDEX event_spent ON event (jti) WHERE event = 9;
)sql";
static_assert(static_cast<int>(EventKind::token_redeemed) == 9, "event_spent names this number");

// The leaf's hash stands in its row, so that an edited row is found and named; `tree` holds the nodes of every eighth
// level (RFC 6962), `checkpoint` what was signed. Rows of before get their leaves when the file is next opened.
constexpr std::string_view step_2 = R"sql(
ALTER TABLE event ADD COLUMN cited_origin INTEGER REFERENCES term (id);
ALTER TABLE event ADD COLUMN cited_size INTEGER;
ALTER TABLE event ADD COLUMN cited_root BLOB;
ALTER TABLE event ADD COLUMN leaf BLOB;
CREATE TABLE tree (level INTEGER NOT NULL, n INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (level, n)) STRICT, WITHOUT ROWID;
CREATE TABLE checkpoint (size INTEGER PRIMARY KEY, time_us INTEGER NOT NULL, root BLOB NOT NULL, signature BLOB NOT NULL) STRICT;
CREATE INDEX event_of_control ON event (log_index) WHERE event IN (14, 15, 17) OR (event = 10 AND jti IS NULL);
INSERT INTO meta (key, value) VALUES ('leaves_due', '1');
)sql";

// From a call to the calls it led to. Few calls have a parent, and no other row is in it.
constexpr std::string_view step_3 = R"sql(
CREATE INDEX event_of_parent ON event (parent_txn) WHERE parent_txn IS NOT NULL;
)sql";

// Recorded arguments, sealed to the reviewer's key, beside the event that has their hash: they can be deleted, and no
// leaf changes.
constexpr std::string_view step_4 = R"sql(
ALTER TABLE event ADD COLUMN sealed_sha256 BLOB;
CREATE TABLE sealed (log_index INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
)sql";

// Clients that prove themselves by a signature, on whose behalf they act, and what an external policy said.
constexpr std::string_view step_5 = R"sql(
ALTER TABLE event ADD COLUMN auth INTEGER REFERENCES term (id);
ALTER TABLE event ADD COLUMN auth_issuer INTEGER REFERENCES term (id);
ALTER TABLE event ADD COLUMN auth_subject INTEGER REFERENCES term (id);
ALTER TABLE event ADD COLUMN remote INTEGER REFERENCES term (id);
ALTER TABLE event ADD COLUMN subject INTEGER REFERENCES term (id);
ALTER TABLE event ADD COLUMN subject_issuer INTEGER REFERENCES term (id);
ALTER TABLE event ADD COLUMN subject_until INTEGER;
ALTER TABLE event ADD COLUMN decision_id TEXT;
ALTER TABLE event ADD COLUMN decision_reason INTEGER REFERENCES term (id);
)sql";

// Of archived events the leaf hashes stay, 256 a row, and no root changes. A call of which the beginning is archived
// and the rest is not stands in archived_call: what is left of it must not pass for a call. event_of_archive leads to
// what says up to where.
constexpr std::string_view step_6 = R"sql(
CREATE TABLE archived_tile (n INTEGER PRIMARY KEY, hashes BLOB NOT NULL) STRICT;
CREATE TABLE archived_call (txn TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE INDEX event_of_archive ON event (log_index) WHERE event = 18;
)sql";
static_assert(static_cast<int>(EventKind::log_archived) == 18, "event_of_archive names this number");

// The same rows as before. SQLite builds a table of its own for a list of three, at every INSERT.
constexpr std::string_view step_7 = R"sql(
DROP INDEX event_of_control;
CREATE INDEX event_of_control ON event (log_index)
  WHERE (event = 14 OR event = 15 OR event = 17 OR (event = 10 AND jti IS NULL));
)sql";

constexpr std::array steps{step_1, step_2, step_3, step_4, step_5, step_6, step_7};

}  // namespace

std::span<const std::string_view> schema_steps() { return steps; }

std::vector<View> schema_views() {
  return {{"events", events_view()}, {"attempts", attempts_view()}, {"calls", calls_view()}, {"alerts", alerts_view()}};
}

}  // namespace jeton
