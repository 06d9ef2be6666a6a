// The table behind every refusal: what a code is called, says, answers over HTTP and exits with.
#include "jeton/error.hpp"

#include <array>
#include <stdexcept>

namespace jeton {
namespace {

constexpr int exit_internal = 1;
constexpr int exit_unavailable = 3;
constexpr int exit_refused = 4;

constexpr std::array table{
    CodeFacts{Code::bad_request, "bad_request", "the request is malformed; check its members against the protocol", 400,
              "invalid_request", exit_refused},
    CodeFacts{Code::bad_arguments, "bad_arguments", "the tool's arguments have no unambiguous form to bind a token to",
              400, "invalid_authorization_details", exit_refused},
    CodeFacts{Code::unattested_peer, "unattested_peer", "nothing proves which account is calling", 401,
              "invalid_client", exit_refused},
    CodeFacts{Code::unknown_agent, "unknown_agent", "the calling account matches no configured agent", 403,
              "unauthorized_client", exit_refused},
    CodeFacts{Code::agent_disabled, "agent_disabled", "the agent is switched off until an operator enables it", 403,
              "unauthorized_client", exit_refused},
    CodeFacts{Code::wrong_role, "wrong_role", "the caller does not hold the role this request needs", 403,
              "unauthorized_client", exit_refused},
    CodeFacts{Code::no_grant, "no_grant", "no grant lets this agent call this tool on this server", 403,
              "access_denied", exit_refused},
    CodeFacts{Code::denied_by_policy, "denied_by_policy", "a policy decided against this call", 403, "access_denied",
              exit_refused},
    CodeFacts{Code::unknown_server, "unknown_server", "the tool server is not configured", 404, "invalid_target",
              exit_refused},
    CodeFacts{Code::unknown_call, "unknown_call", "there is no open call of this caller with that txn", 404,
              "invalid_request", exit_refused},
    CodeFacts{Code::internal, "internal", "the daemon met a fault of its own; its log says more", 500, "server_error",
              exit_internal},
    CodeFacts{Code::bad_token, "bad_token", "the token is not one compact JWS of the expected form", 401,
              "invalid_token", exit_refused},
    CodeFacts{Code::bad_signature, "bad_signature", "the token's signature does not verify", 401, "invalid_token",
              exit_refused},
    CodeFacts{Code::unknown_key, "unknown_key", "the token was signed by a key that is not in use; mint a new one", 401,
              "invalid_token", exit_refused},
    CodeFacts{Code::wrong_issuer, "wrong_issuer", "the token comes from another issuer", 401, "invalid_token",
              exit_refused},
    CodeFacts{Code::expired, "expired", "the token's time is over; mint a new one", 401, "invalid_token", exit_refused},
    CodeFacts{Code::not_yet_valid, "not_yet_valid", "the token is from the future; compare the clocks", 401,
              "invalid_token", exit_refused},
    CodeFacts{Code::revoked, "revoked", "the token was revoked before it was used", 401, "invalid_token", exit_refused},
    CodeFacts{Code::superseded, "superseded", "a newer token of the same call took this one's place", 401,
              "invalid_token", exit_refused},
    CodeFacts{Code::wrong_audience, "wrong_audience", "the token is meant for another tool server", 403,
              "invalid_token", exit_refused},
    CodeFacts{Code::wrong_tool, "wrong_tool", "the token is meant for another tool", 403, "invalid_token",
              exit_refused},
    CodeFacts{Code::args_mismatch, "args_mismatch", "the token was minted for other arguments", 403, "invalid_token",
              exit_refused},
    CodeFacts{Code::already_redeemed, "already_redeemed", "the token has been used; each is good for one call", 409,
              "invalid_token", exit_refused},
    CodeFacts{Code::too_many_attempts, "too_many_attempts", "the call has used up its attempts or redemptions", 409,
              "access_denied", exit_refused},
    CodeFacts{Code::call_mismatch, "call_mismatch", "a call keeps its server, tool and arguments; open a new call", 409,
              "invalid_authorization_details", exit_refused},
    CodeFacts{Code::rate_limited, "rate_limited", "the limit for this minute is reached; try again later", 429,
              "temporarily_unavailable", exit_refused},
    CodeFacts{Code::overloaded, "overloaded", "the daemon has more to do than it can; try again", 503,
              "temporarily_unavailable", exit_refused},
    CodeFacts{Code::log_unavailable, "log_unavailable",
              "the log cannot be written, so the outcome is unknown; retry with the same id", 503,
              "temporarily_unavailable", exit_unavailable},
    CodeFacts{Code::sidecar_unavailable, "sidecar_unavailable",
              "the daemon does not answer; see whether jetond runs and its socket may be opened", 503,
              "temporarily_unavailable", exit_unavailable},
};

constexpr bool rows_stand_at_their_number() {
  for (std::size_t row = 0; row < table.size(); ++row)
    if (static_cast<std::size_t>(table[row].code) != row + 1) return false;
  return true;
}
static_assert(rows_stand_at_their_number(), "facts() finds a row by its number");

}  // namespace

std::span<const CodeFacts> all_codes() { return table; }

const CodeFacts& facts(Code code) {
  const auto number = static_cast<std::size_t>(code);
  if (number == 0 || number > table.size()) throw std::out_of_range("no such code");
  return table[number - 1];
}

std::string_view name_of(Code code) { return facts(code).name; }

std::optional<Code> code_named(std::string_view name) {
  for (const auto& row : table)
    if (row.name == name) return row.code;
  return std::nullopt;
}

}  // namespace jeton
