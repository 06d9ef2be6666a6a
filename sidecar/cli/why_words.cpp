// Saying what became of a token or a call.
#include "cli/why_words.hpp"

#include <fmt/core.h>

#include "cli/table.hpp"
#include "cli/timeline.hpp"
#include "jeton/clock.hpp"

namespace jeton::cli {
namespace {

std::string times(std::int64_t count) {
  if (count == 1) return "once";
  return count == 2 ? "twice" : fmt::format("{} times", count);
}

std::string what(const Event& event) {
  return fmt::format("{} on {} by agent {}", for_terminal(event.tool.value_or("?")),
                     for_terminal(event.server.value_or("any server")), for_terminal(event.agent.value_or("?")));
}

std::string by(const Event& event) {
  const auto words = who(event);
  return words.empty() ? "" : " by " + words;
}

std::string fate(const TokenStory& token) {
  const auto later = [&](const Event& event) { return distance(token.minted.time_us, event.time_us) + " later"; };
  const auto ended = token.ended ? later(*token.ended) + by(*token.ended) : "";
  switch (token.state) {
    case Attempt::State::redeemed: return "redeemed once " + ended;
    case Attempt::State::reported: return "redeemed offline, as reported " + ended;
    case Attempt::State::superseded: return "never redeemed, and superseded by the next attempt " + ended;
    case Attempt::State::revoked: return "never redeemed, and revoked " + ended;
    case Attempt::State::unredeemed: break;
  }
  if (token.live) return "not redeemed yet";
  if (token.restart) return "never redeemed, and forgotten when the sidecar started anew " + later(*token.restart);
  return "never redeemed, and expired at " + utc_clock_of_seconds(token.minted.expires_at.value_or(0)) + "Z";
}

std::string refusals_of(const TokenStory& token) {
  std::string words;
  if (token.replays > 0) words += fmt::format("; it was tried again {} and refused", times(token.replays));
  int others = 0;
  std::string codes;
  for (const auto& [code, count] : token.refusals) {
    if (code == Code::already_redeemed) continue;
    others += count;
    codes += (codes.empty() ? "" : ", ") + std::string(name_of(code));
  }
  if (others > 0) words += fmt::format("; {} it was refused: {}", times(others), codes);
  return words;
}

std::string of_token(const Why& why) {
  const auto& token = *why.token;
  const auto story = fmt::format("minted for {} at {}, {}{}", what(token.minted), utc_time(token.minted.time_us),
                                 fate(token), refusals_of(token));
  if (why.altered)
    return fmt::format(
        "This is no token of this log, but an altered copy of one, with its jti and other bytes: that one was {}.",
        story);
  if (!token.live) return fmt::format("This token was {}; it is worthless now.", story);
  return fmt::format("This token was {}; IT IS GOOD UNTIL {}Z for whoever may redeem there.", story,
                     utc_clock_of_seconds(token.minted.expires_at.value_or(0)));
}

std::string of_federation(const Event& minted) {
  return fmt::format(
      "This is a federation token for {} ({}), minted by agent {} at {}, not single-use, good until {}Z for whoever "
      "holds it; nothing more is known of its use.",
      for_terminal(minted.server.value_or("?")), for_terminal(minted.grant.value_or("?")),
      for_terminal(minted.agent.value_or("?")), utc_time(minted.time_us),
      utc_clock_of_seconds(minted.expires_at.value_or(0)));
}

std::string of_call(const CallSummary& call) {
  auto words =
      fmt::format("This call of {} on {} was opened by agent {} at {}, got {} token{}, ", for_terminal(call.tool),
                  for_terminal(call.server.value_or("any server")), for_terminal(call.agent), utc_time(call.opened_us),
                  call.attempts, call.attempts == 1 ? "" : "s");
  words += call.redemptions == 0 ? "was never redeemed" : fmt::format("was redeemed {}", times(call.redemptions));
  if (call.refusals > 0) words += fmt::format(", was refused something {}", times(call.refusals));
  if (call.openers_outcome) words += fmt::format(", ended with {} as its agent says", *call.openers_outcome);
  if (call.redeemers_outcome) words += fmt::format(", with {} as the server says", *call.redeemers_outcome);
  return words + fmt::format("; it is {} now.", call.state);
}

std::string of_presented(const std::vector<Event>& presented) {
  const auto& first = presented.front();
  const auto& last = presented.back();
  auto words = fmt::format("This log never minted this; it was presented {}, first at {}{}",
                           times(static_cast<std::int64_t>(presented.size())), utc_time(first.time_us), by(first));
  if (first.code) words += fmt::format(", and refused ({})", name_of(*first.code));
  if (presented.size() > 1) words += fmt::format(", last at {}", utc_time(last.time_us));
  return words + "; nothing ran with it.";
}

/// A word of the log on a command line; the log lets no blank and no control character in, and an edited one is quoted.
std::string word(const std::string& text) {
  constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:@%+=,";
  if (!text.empty() && text.find_first_not_of(plain) == text.npos) return text;
  std::string out = "'";
  for (const char c : for_terminal(text)) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string id_word(const std::string& id) { return id.starts_with('-') ? "-- " + id : id; }

}  // namespace

std::string sentence_of(const Why& why) {
  if (why.token) return of_token(why);
  if (why.federated) return of_federation(*why.federated);
  if (why.calls.size() == 1) return of_call(why.calls.front());
  if (!why.calls.empty()) return fmt::format("{} calls have this id; here they are, newest first.", why.calls.size());
  if (!why.presented.empty() && why.presented.front().txn)
    return fmt::format("Nobody opened a call with this txn; requests about it were refused {}.",
                       times(static_cast<std::int64_t>(why.presented.size())));
  return of_presented(why.presented);
}

std::vector<std::string> next_of(const Why& why, std::int64_t now_us) {
  std::vector<std::string> next;
  const auto add = [&next](const std::string& what_for, const std::string& command) {
    next.push_back(what_for + ": " + command);
  };
  if (why.token) {
    const auto& token = *why.token;
    if (token.live) add("end it now", "jeton revoke " + id_word(token.minted.jti->text()));
    const bool in_time = now_us / us_per_s < token.minted.expires_at.value_or(0);
    if (in_time && !token.live && token.state != Attempt::State::redeemed && token.state != Attempt::State::reported)
      next.push_back(fmt::format("a server that verifies offline is not reached by that and may take it until {}Z",
                                 utc_clock_of_seconds(*token.minted.expires_at)));
    add("the whole call", "jeton log show " + id_word(token.minted.txn->text()));
    add("proof for a stranger",
        fmt::format("jeton log proof {}", (token.ended ? *token.ended : token.minted).log_index));
  }
  if (why.federated) {
    if (now_us / us_per_s < why.federated->expires_at.value_or(0))
      next.emplace_back("nothing here ends it before that; change what the relying party lets this agent do");
    add("proof for a stranger", fmt::format("jeton log proof {}", why.federated->log_index));
  }
  std::optional<std::string> run;
  for (const auto& event : why.evidence)
    if (event.run_id && event.kind != EventKind::request_refused && !run) run = event.run_id;
  if (why.calls.size() == 1) add("the whole call", "jeton log show " + id_word(why.calls.front().txn.text()));
  if (run) add("what else that run did", "jeton log calls --run " + word(*run));
  if (why.calls.size() > 1) add("one of them", "jeton log why TXN");
  if (!why.token && !why.federated && why.calls.empty() && !why.presented.empty())
    add("proof for a stranger", fmt::format("jeton log proof {}", why.presented.front().log_index));
  return next;
}

}  // namespace jeton::cli
