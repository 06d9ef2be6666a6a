// "This string was in a public paste": what the log knows of a token, a hash, an id.
#pragma once

#include <map>

#include "jeton/token.hpp"
#include "readers/find.hpp"

namespace jeton {

/// One token and what became of it. It never holds the token.
struct TokenStory {
  Event minted;
  Attempt::State state = Attempt::State::unredeemed;
  std::optional<Event> ended;    ///< what redeemed, superseded or revoked it
  std::optional<Event> restart;  ///< of an unredeemed one: the sidecar's next start, which forgot its key
  bool live = false;             ///< it could be redeemed at this moment
  std::map<Code, int> refusals;  ///< of requests with it
  int replays = 0;               ///< those that were refused because it was spent
};

/// What was found. Exactly one of `token`, `federated`, `calls` and `presented` says it, but that a token may have been
/// presented as well.
struct Why {
  std::optional<TokenStory> token;
  std::optional<Event> federated;  ///< the mint of a federation token, which is all that is ever known of one
  bool altered = false;            ///< the text carries that token's jti, and is not that token
  std::vector<CallSummary> calls;  ///< of a txn or a call id: one, or all with that id
  std::vector<Event> presented;    ///< refusals of this very text or hash, made before anybody knew whose it is
  std::vector<Event> evidence;     ///< in order
};

/// What somebody has in hand, as far as its form says it.
struct Clue {
  enum class Form { token, sha256, id, call_id };
  Form form = Form::call_id;
  std::string text;  ///< of an id; empty for a token or a hash
  Sha256 sha256{};
  std::optional<UnverifiedToken> token = std::nullopt;  ///< nothing where the text only looks like one

  /// bad_request for what can be none of them. White space around it and "Bearer " are not part of it.
  [[nodiscard]] static Result<Clue> parse(std::string_view text);
};

/// Nothing when this log does not know it. Throws what the log's reader throws.
[[nodiscard]] std::optional<Why> why_of(const LogReader& log, CallIndex& index, const Clue& clue, std::int64_t now_us,
                                        const CallIndex::Progress& progress = {});

}  // namespace jeton
