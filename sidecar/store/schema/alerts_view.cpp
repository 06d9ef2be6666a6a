// The view `alerts`: what a reviewer should look at, one row a finding. docs/alerts.md has a section for each kind.
#include "store/schema/views.hpp"
#include "store/schema/words.hpp"

namespace jeton {
namespace {

// Every branch below reads the log once, and looks up what belongs to a call by index.

/// The time a finding waits for: that of the reader, or of the newest event where the reader's clock is behind.
constexpr std::string_view clock = R"sql(
  clock (now_s) AS MATERIALIZED (SELECT max({now_s}, coalesce(
    (SELECT time_us / 1000000 FROM event ORDER BY log_index DESC LIMIT 1), 0))))sql";

/// A key that is in no use may be one of a process before: then the token was minted here, and its holder was late.
constexpr std::string_view kind = R"sql(CASE
    WHEN e.event IN ({recovered}, {jumped}, {suppressed}, {rejected}) THEN {event_word}
    WHEN e.event <> {refused} THEN NULL
    WHEN e.code = {already_redeemed} THEN 'replay'
    WHEN e.code = {bad_signature} OR (e.code = {bad_token} AND e.verb = {redeem}) THEN 'forgery'
    WHEN e.code = {unknown_key} AND (e.token_sha256 IS NULL OR e.token_sha256 NOT IN
      (SELECT m.token_sha256 FROM event m WHERE m.event = {minted} AND m.token_sha256 IS NOT NULL)) THEN 'forgery'
    WHEN e.code IN ({args_mismatch}, {call_mismatch}) THEN 'changed_arguments'
    WHEN e.code IN ({wrong_audience}, {wrong_tool}, {wrong_role}) THEN 'misdirected'
    WHEN e.code IN ({unattested_peer}, {unknown_agent}, {agent_disabled}, {no_grant}, {denied_by_policy})
      THEN 'refused_agent'
    END)sql";

constexpr std::string_view told = R"sql(
SELECT e.kind AS kind, e.log_index AS log_index, e.time_us AS time_us, e.txn AS txn, e.jti AS jti,
  (SELECT text FROM term WHERE id = coalesce(e.agent, (SELECT o.agent FROM event o WHERE o.txn = e.txn
    AND o.event IN ({opened}, {minted}) ORDER BY o.log_index LIMIT 1))) AS agent,
  e.uid AS uid, {e_server} AS server, {e_tool} AS tool, {e_code} AS code, coalesce(e.count, 1) AS count
FROM (SELECT e.*, {kind} AS kind FROM event e) e WHERE e.kind IS NOT NULL)sql";

constexpr std::string_view without_outcome = R"sql(
SELECT 'redeemed_without_outcome', e.log_index, e.time_us, e.txn, e.jti, {e_agent}, e.uid, {e_server}, {e_tool}, NULL, 1
FROM clock, event e
WHERE e.event = {redeemed}
  AND clock.now_s >= 600 + coalesce((SELECT m.expires_at FROM event m WHERE m.txn = e.txn AND m.event = {minted}
                                     AND m.jti = e.jti LIMIT 1), e.time_us / 1000000)
  AND NOT EXISTS (SELECT 1 FROM event o WHERE o.txn = e.txn AND o.event = {outcome}
                  AND (o.role = {opener} OR (o.role = {server} AND o.jti = e.jti))))sql";

/// The opener's outcome that counts is the first, with what it was bound to: the first token, else the opening.
constexpr std::string_view openers = R"sql(
  said AS (SELECT e.log_index, e.time_us, e.txn, e.jti, e.agent, e.uid, e.outcome,
      (SELECT t.log_index FROM event t WHERE t.txn = e.txn AND t.event IN ({opened}, {minted})
       ORDER BY t.event DESC, t.log_index LIMIT 1) AS bound
    FROM event e WHERE e.event = {outcome} AND e.role = {opener}
      AND e.log_index = (SELECT min(r.log_index) FROM event r WHERE r.txn = e.txn AND r.event = {outcome}
                         AND r.role = {opener})))sql";

constexpr std::string_view without_redemption = R"sql(
SELECT 'outcome_without_redemption', e.log_index, e.time_us, e.txn, e.jti, {e_agent}, e.uid, {b_server}, {b_tool}, NULL, 1
FROM said e LEFT JOIN event b ON b.log_index = e.bound
WHERE e.outcome = {ok}
  AND NOT EXISTS (SELECT 1 FROM event r WHERE r.txn = e.txn AND r.event = {redeemed})
  AND NOT EXISTS (SELECT 1 FROM event r WHERE r.txn = e.txn AND r.event = {outcome} AND r.role = {server}))sql";

/// One side against itself, or a receipt that no redemption gave.
constexpr std::string_view contradiction = R"sql(
SELECT 'reporters_disagree', e.log_index, e.time_us, e.txn, e.jti, {e_agent}, e.uid, {b_server}, {b_tool}, NULL, 1
FROM event e LEFT JOIN event b ON b.log_index =
  (SELECT t.log_index FROM event t WHERE t.txn = e.txn AND t.event IN ({opened}, {minted})
   ORDER BY t.event DESC, t.log_index LIMIT 1)
WHERE e.event = {outcome} AND (e.cites IS NOT NULL OR e.receipt = {mismatch}))sql";

/// The two sides against each other: the opener, and the server of the newest token that a server spoke of.
constexpr std::string_view disagreement = R"sql(
SELECT 'reporters_disagree', max(e.log_index, s.log_index), max(e.time_us, s.time_us), e.txn, s.jti, {e_agent}, e.uid,
  {b_server}, {b_tool}, NULL, 1
FROM said e LEFT JOIN event b ON b.log_index = e.bound
JOIN event s ON s.log_index = (SELECT r.log_index FROM event r JOIN event m ON m.txn = r.txn AND m.jti = r.jti
    AND m.event = {minted} WHERE r.txn = e.txn AND r.event = {outcome} AND r.role = {server}
    ORDER BY m.log_index DESC, r.log_index LIMIT 1)
WHERE e.outcome <> s.outcome AND e.outcome <> {unknown} AND s.outcome <> {unknown})sql";

/// Of one agent on one day (UTC), by when its tokens were minted: more than three, and more than one in ten.
constexpr std::string_view unredeemed = R"sql(
SELECT 'expired_unredeemed', e.log_index, e.time_us, e.txn, e.jti, {e_agent}, NULL, NULL, NULL, NULL, d.unused
FROM (SELECT sum(t.unused) AS unused, count(*) AS minted, max(CASE WHEN t.unused THEN t.log_index END) AS newest
      FROM (SELECT a.agent, a.minted_us / 86400000000 AS day, a.log_index,
              a.state = 'unredeemed' AND clock.now_s >= coalesce(a.expires_at, 0) AS unused
            FROM clock, attempts a) t
      GROUP BY t.agent, t.day) d
JOIN event e ON e.log_index = d.newest
WHERE d.unused > 3 AND d.unused * 10 > d.minted)sql";

constexpr std::string_view new_tool = R"sql(
SELECT 'new_tool', e.log_index, e.time_us, e.txn, e.jti, {e_agent}, e.uid, {e_server}, {e_tool}, NULL, 1
FROM (SELECT m.agent, min(m.log_index) AS first FROM event m WHERE m.event = {minted} GROUP BY m.agent, m.server, m.tool) n
JOIN (SELECT m.agent, min(m.log_index) AS first FROM event m WHERE m.event IN ({opened}, {minted}) GROUP BY m.agent) a
  ON a.agent = n.agent
JOIN event e ON e.log_index = n.first
JOIN event b ON b.log_index = a.first
WHERE e.time_us >= b.time_us + 86400000000)sql";

Sql words() {
  Sql sql;
  sql.with("opened", EventKind::call_opened)
      .with("minted", EventKind::token_minted)
      .with("redeemed", EventKind::token_redeemed)
      .with("outcome", EventKind::call_outcome)
      .with("refused", EventKind::request_refused)
      .with("suppressed", EventKind::refusals_suppressed)
      .with("recovered", EventKind::log_recovered)
      .with("jumped", EventKind::clock_jumped)
      .with("rejected", EventKind::config_rejected)
      .with("opener", Role::agent)
      .with("server", Role::server)
      .with("redeem", Verb::redeem)
      .with("ok", Outcome::ok)
      .with("unknown", Outcome::unknown)
      .with("mismatch", ReceiptCheck::mismatch)
      .with("now_s", now_s)
      .with("event_word", names_case("e.event", EventKind::sidecar_started, EventKind::clock_jumped))
      .with("e_code", code_case("e.code"));
  for (const auto& code : all_codes()) sql.with(code.name.data(), code.code);
  for (const char* column : {"agent", "server", "tool"})
    for (const char* row : {"e", "b"})
      sql.with((std::string(row) + "_" + column).c_str(), term_text(std::string(row) + "." + column));
  return sql;
}

}  // namespace

std::string alerts_view() {
  auto sql = words();
  const auto kind_sql = sql.text(kind);
  sql.with("kind", kind_sql);
  std::string text = "CREATE VIEW alerts AS WITH" + sql.text(clock) + "," + sql.text(openers) + sql.text(told);
  for (const auto branch : {without_outcome, without_redemption, contradiction, disagreement, unredeemed, new_tool})
    text += "\nUNION ALL" + sql.text(branch);
  return text;
}

}  // namespace jeton
