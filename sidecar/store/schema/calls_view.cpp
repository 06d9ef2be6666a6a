// The view `calls`: one row a call, summed up from its events.
#include "store/schema/views.hpp"
#include "store/schema/words.hpp"

namespace jeton {
namespace {

// o opens the call, f is its first token. Which row opens is Call::from's rule: the first of the story, if it is one
// that can open. Columns of `attempts` keep both views to one account of a token. Nothing is counted with a star, since
// DuckDB hands that back to SQLite as a function that there is not.
constexpr std::string_view view = R"sql(CREATE VIEW calls AS
SELECT o.txn AS txn, o.log_index AS log_index, o.time_us AS opened_us,
  {agent} AS agent,
  CASE WHEN f.log_index IS NULL THEN {opened_tool} ELSE {minted_tool} END AS tool,
  CASE WHEN f.log_index IS NULL THEN {opened_server} ELSE {minted_server} END AS server,
  o.call_id AS call_id, {run_id} AS run_id, {session_id} AS session_id, o.parent_txn AS parent_txn,
  coalesce(
    (SELECT CASE WHEN t.state <> 'unredeemed' THEN t.state WHEN {now_s} >= coalesce(t.expires_at, 0) THEN 'expired'
     ELSE 'minted' END FROM attempts t WHERE t.txn = o.txn AND t.log_index =
     (SELECT max(l.log_index) FROM event l WHERE l.txn = o.txn AND l.event = {minted})),
    CASE WHEN EXISTS (SELECT 1 FROM event c WHERE c.txn = o.txn AND c.event = {revoked} AND c.jti IS NULL)
    THEN 'revoked' ELSE 'opened' END) AS state,
  (SELECT count(t.log_index) FROM event t WHERE t.txn = o.txn AND t.event = {minted}) AS attempts,
  (SELECT count(t.log_index) FROM attempts t WHERE t.txn = o.txn AND t.state IN ('redeemed', 'reported')) AS redemptions,
  (SELECT count(t.log_index) FROM event t WHERE t.txn = o.txn AND t.event = {refused}) AS refusals,
  (SELECT {outcome_word} FROM event r WHERE r.txn = o.txn AND r.event = {outcome} AND r.role = {opener}
   ORDER BY r.log_index LIMIT 1) AS outcome,
  (SELECT t.server_outcome FROM attempts t WHERE t.txn = o.txn AND t.server_outcome IS NOT NULL
   ORDER BY t.log_index DESC LIMIT 1) AS server_outcome
FROM event o
LEFT JOIN event f ON f.log_index = (SELECT min(t.log_index) FROM event t WHERE t.txn = o.txn AND t.event = {minted})
WHERE o.txn IS NOT NULL AND (o.event = {opened} OR (o.event = {minted} AND o.attempt = 1))
  AND o.log_index = (SELECT min(t.log_index) FROM event t WHERE t.txn = o.txn AND t.event BETWEEN {opened} AND {outcome}))sql";

}  // namespace

std::string calls_view() {
  return Sql()
      .with("opened", EventKind::call_opened)
      .with("minted", EventKind::token_minted)
      .with("revoked", EventKind::token_revoked)
      .with("outcome", EventKind::call_outcome)
      .with("refused", EventKind::request_refused)
      .with("opener", Role::agent)
      .with("agent", term_text("o.agent"))
      .with("opened_tool", term_text("o.tool"))
      .with("minted_tool", term_text("f.tool"))
      .with("opened_server", term_text("o.server"))
      .with("minted_server", term_text("f.server"))
      .with("run_id", term_text("o.run_id"))
      .with("session_id", term_text("o.session_id"))
      .with("now_s", now_s)
      .with("outcome_word", outcome_case("r.outcome"))
      .text(view);
}

}  // namespace jeton
