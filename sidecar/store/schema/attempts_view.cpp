// The view `attempts`: one row a minted token, and what became of it.
#include "store/schema/views.hpp"
#include "store/schema/words.hpp"

namespace jeton {
namespace {

// As Call::apply: spent is for ever; a report of a server that verifies offline counts whatever came before it; of the
// rest the newest event of the token decides. Every look-up is one of an index: jti in event_spent, txn in
// event_of_txn.
constexpr std::string_view state = R"sql(CASE
    WHEN s.log_index IS NOT NULL THEN 'redeemed'
    WHEN EXISTS (SELECT 1 FROM event r WHERE r.txn = e.txn AND r.event = {outcome} AND r.jti = e.jti
                 AND r.role = {server} AND r.log_index > e.log_index) THEN 'reported'
    ELSE coalesce((SELECT CASE r.event WHEN {revoked} THEN 'revoked' ELSE 'superseded' END FROM event r
                   WHERE r.txn = e.txn AND r.event IN ({superseded}, {revoked}) AND r.jti = e.jti
                   AND r.log_index > e.log_index ORDER BY r.log_index DESC LIMIT 1), 'unredeemed') END)sql";

constexpr std::string_view view = R"sql(CREATE VIEW attempts AS
SELECT e.txn AS txn, e.jti AS jti, e.attempt AS attempt, e.log_index AS log_index,
  {agent} AS agent, {server_name} AS server, {tool} AS tool,
  e.time_us AS minted_us, e.expires_at AS expires_at,
  {state} AS state,
  s.time_us AS redeemed_us, s.uid AS redeemer_uid, s.pid AS redeemer_pid,
  (SELECT {outcome_word} FROM event r WHERE r.txn = e.txn AND r.event = {outcome} AND r.role = {opener}
   ORDER BY r.log_index LIMIT 1) AS outcome,
  (SELECT {outcome_word} FROM event r WHERE r.txn = e.txn AND r.event = {outcome} AND r.role = {server}
   AND r.jti = e.jti ORDER BY r.log_index LIMIT 1) AS server_outcome
FROM event e LEFT JOIN event s ON s.jti = e.jti AND s.event = {redeemed} AND s.txn = e.txn AND s.log_index > e.log_index
WHERE e.event = {minted} AND e.txn IS NOT NULL AND e.jti IS NOT NULL)sql";

}  // namespace

std::string attempts_view() {
  Sql sql;
  sql.with("minted", EventKind::token_minted)
      .with("superseded", EventKind::token_superseded)
      .with("redeemed", EventKind::token_redeemed)
      .with("revoked", EventKind::token_revoked)
      .with("outcome", EventKind::call_outcome)
      .with("opener", Role::agent)
      .with("server", Role::server)
      .with("agent", term_text("e.agent"))
      .with("server_name", term_text("e.server"))
      .with("tool", term_text("e.tool"))
      .with("outcome_word", outcome_case("r.outcome"));
  const auto state_sql = sql.text(state);
  return sql.with("state", state_sql).text(view);
}

}  // namespace jeton
