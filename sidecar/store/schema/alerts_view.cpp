// The view `alerts`: what a reviewer should look at, one row a finding. docs/alerts.md has a section for each kind.
#include "store/schema/views.hpp"
#include "store/schema/words.hpp"

namespace jeton {
namespace {

// Every branch below reads the log once. What belongs to one of many tokens of a call is joined and not looked up: a
// call of a thousand attempts costs no more than a thousand calls.

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
  (SELECT text FROM term WHERE id = coalesce(e.agent, (SELECT o.agent FROM event o WHERE o.log_index = {opening}))) AS agent,
  e.uid AS uid, {e_server} AS server, {e_tool} AS tool, {e_code} AS code, coalesce(e.count, 1) AS count
FROM (SELECT e.*, {kind} AS kind FROM event e) e WHERE e.kind IS NOT NULL)sql";

constexpr std::string_view without_outcome = R"sql(
SELECT 'redeemed_without_outcome', e.log_index, e.time_us, e.txn, e.jti, {e_agent}, e.uid, {e_server}, {e_tool}, NULL, 1
FROM clock, event e
LEFT JOIN (SELECT jti, max(expires_at) AS expires_at FROM event WHERE event = {minted} GROUP BY jti) m ON m.jti = e.jti
LEFT JOIN (SELECT DISTINCT jti FROM event WHERE event = {outcome} AND role = {server}) s ON s.jti = e.jti
LEFT JOIN (SELECT DISTINCT txn FROM event WHERE event = {outcome} AND role = {opener}) o ON o.txn = e.txn
WHERE e.event = {redeemed} AND s.jti IS NULL AND o.txn IS NULL
  AND clock.now_s >= 600 + coalesce(m.expires_at, e.time_us / 1000000))sql";

/// The opener's outcome that counts is the first, with what it was bound to: the first token, else the opening.
constexpr std::string_view openers = R"sql(
  said AS (SELECT e.log_index, e.time_us, e.txn, e.jti, e.agent, e.uid, e.outcome, {bound} AS bound
    FROM (SELECT min(log_index) AS first FROM event WHERE event = {outcome} AND role = {opener} GROUP BY txn) o
    JOIN event e ON e.log_index = o.first))sql";

constexpr std::string_view without_redemption = R"sql(
SELECT 'outcome_without_redemption', e.log_index, e.time_us, e.txn, e.jti, {e_agent}, e.uid, {b_server}, {b_tool}, NULL, 1
FROM said e LEFT JOIN event b ON b.log_index = e.bound
WHERE e.outcome = {ok}
  AND NOT EXISTS (SELECT 1 FROM event r WHERE r.txn = e.txn AND r.event = {redeemed})
  AND NOT EXISTS (SELECT 1 FROM event r WHERE r.txn = e.txn AND r.event = {outcome} AND r.role = {server}))sql";

/// One side against itself, or a receipt that no redemption gave.
constexpr std::string_view contradiction = R"sql(
SELECT 'reporters_disagree', e.log_index, e.time_us, e.txn, e.jti, {e_agent}, e.uid, {b_server}, {b_tool}, NULL, 1
FROM event e LEFT JOIN event b ON b.log_index = {bound}
WHERE e.event = {outcome} AND (e.cites IS NOT NULL OR e.receipt = {mismatch}))sql";

/// The two sides against each other: the opener, and the server of the newest token that a server spoke of.
constexpr std::string_view disagreement = R"sql(
SELECT 'reporters_disagree', max(e.log_index, s.log_index), max(e.time_us, s.time_us), e.txn, s.jti, {e_agent}, e.uid,
  {b_server}, {b_tool}, NULL, 1
FROM said e LEFT JOIN event b ON b.log_index = e.bound
JOIN (SELECT r.txn, r.first, max(m.log_index)
      FROM (SELECT txn, jti, min(log_index) AS first FROM event WHERE event = {outcome} AND role = {server}
            GROUP BY txn, jti) r
      JOIN event m ON m.jti = r.jti AND m.event = {minted}
      GROUP BY r.txn) n ON n.txn = e.txn
JOIN event s ON s.log_index = n.first
WHERE e.outcome <> s.outcome AND e.outcome <> {unknown} AND s.outcome <> {unknown})sql";

/// Of one agent on one day (UTC), by when its tokens were minted: more than three, and more than one in ten.
constexpr std::string_view unredeemed = R"sql(
SELECT 'expired_unredeemed', e.log_index, e.time_us, e.txn, e.jti, {e_agent}, NULL, NULL, NULL, NULL, d.unused
FROM (SELECT sum(t.unused) AS unused, count(*) AS minted, max(CASE WHEN t.unused THEN t.log_index END) AS newest
      FROM (SELECT m.agent, m.time_us / 86400000000 AS day, m.log_index,
              x.jti IS NULL AND clock.now_s >= coalesce(m.expires_at, 0) AS unused
            FROM clock, event m LEFT JOIN (SELECT DISTINCT jti FROM event
              WHERE event IN ({superseded}, {redeemed}, {revoked}) OR (event = {outcome} AND role = {server})) x
              ON x.jti = m.jti
            WHERE m.event = {minted}) t
      GROUP BY t.agent, t.day) d
JOIN event e ON e.log_index = d.newest
WHERE d.unused > 3 AND d.unused * 10 > d.minted)sql";

/// What opened the call, and what it was bound to first: with the event in the index both are one step.
constexpr std::string_view opening = R"sql(coalesce(
    (SELECT min(t.log_index) FROM event t WHERE t.txn = e.txn AND t.event = {opened}),
    (SELECT min(t.log_index) FROM event t WHERE t.txn = e.txn AND t.event = {minted})))sql";
constexpr std::string_view bound = R"sql(coalesce(
    (SELECT min(t.log_index) FROM event t WHERE t.txn = e.txn AND t.event = {minted}),
    (SELECT min(t.log_index) FROM event t WHERE t.txn = e.txn AND t.event = {opened})))sql";

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
      .with("superseded", EventKind::token_superseded)
      .with("redeemed", EventKind::token_redeemed)
      .with("revoked", EventKind::token_revoked)
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
  for (const auto& [name, form] : {std::pair("kind", kind), std::pair("opening", opening), std::pair("bound", bound)}) {
    const auto piece = sql.text(form);
    sql.with(name, piece);
  }
  std::string text = "CREATE VIEW alerts AS WITH" + sql.text(clock) + "," + sql.text(openers) + sql.text(told);
  for (const auto branch : {without_outcome, without_redemption, contradiction, disagreement, unredeemed, new_tool})
    text += "\nUNION ALL" + sql.text(branch);
  return text;
}

}  // namespace jeton
