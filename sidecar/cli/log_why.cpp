// `jeton log why`: from a string somebody found to what this log knows of it.
#include "cli/log_access.hpp"
#include "cli/table.hpp"
#include "cli/timeline.hpp"
#include "cli/why_words.hpp"
#include "jeton/clock.hpp"
#include "log/archived.hpp"

namespace jeton::cli {
namespace {

constexpr int exit_unknown = 4;

/// What stands in a token, which proves nothing: anybody can write that.
Json unverified(const UnverifiedToken& token) {
  auto claims = token.claims_before_verification().json();
  return {{"kid", token.kid()}, {"claims", std::move(claims)}};
}

bool is_of_this_sidecar(const UnverifiedToken& token, const std::string& origin) {
  constexpr std::string_view urn = "urn:uuid:";
  const auto& iss = token.claims_before_verification().iss;
  return iss.starts_with(urn) && origin.ends_with("/" + iss.substr(urn.size()));
}

/// What it can mean that a log does not know something.
std::vector<std::string> meanings(const Common& common, const LogReader& log, const Clue& clue) {
  std::vector<std::string> all;
  if (clue.form == Clue::Form::token && !clue.token)
    all.emplace_back(
        "it has not the form of a call token, so it is none; a federation token is known by its exact bytes");
  if (clue.token && is_of_this_sidecar(*clue.token, log.origin()))
    all.emplace_back(
        "it names this log's sidecar as its issuer; so it is forged, or the log was cut off: jeton log verify");
  else if (clue.token)
    all.push_back(fmt::format("it names {} as its issuer; ask the log of that one",
                              for_terminal(clue.token->claims_before_verification().iss)));
  else
    all.emplace_back("it may be of another log, or forged");
  if (const auto archive = log.archive(); archive.first > 0) all.push_back(archived_words(archive, "why -"));
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(state_of(common), ignored))
    if (entry.path().filename().string().starts_with("rolled-back-"))
      all.push_back(
          fmt::format("an earlier log lies there; ask it: jeton log why --state {} -", entry.path().string()));
  return all;
}

int tell_unknown(const Common& common, const LogReader& log, const Clue& clue) {
  const auto message =
      fmt::format("this log does not know it; it has the events 0 to {} of {}", log.size() - (log.size() > 0 ? 1 : 0),
                  log.origin().empty() ? "a log that never signed" : log.origin());
  const auto can_mean = meanings(common, log, clue);
  if (common.json) {
    Json body{{"code", name_of(Code::unknown_call)}, {"message", message}, {"can_mean", can_mean}};
    if (clue.token) body["unverified"] = unverified(*clue.token);
    fmt::print("{}\n", json_for_terminal(body));
    return exit_unknown;
  }
  const auto status = tell(common, {Code::unknown_call, message});
  for (const auto& line : can_mean) fmt::print(stderr, "jeton: hint: {}\n", for_terminal(line));
  if (clue.token)
    fmt::print(stderr, "what it says of itself, which proves nothing:\n{}\n",
               json_for_terminal(unverified(*clue.token)));
  return status;
}

Json json_of(const Why& why, const std::vector<std::string>& next) {
  Json body{{"sentence", sentence_of(why)}, {"events", Json::array()}, {"next", next}};
  for (const auto& event : why.evidence) body["events"].push_back(jeton::json_of(event));
  if (why.token) {
    const auto& token = *why.token;
    constexpr std::array states{"unredeemed", "redeemed", "reported", "superseded", "revoked"};
    body["token"] = {{"jti", token.minted.jti->text()},
                     {"txn", token.minted.txn->text()},
                     {"state", states.at(static_cast<std::size_t>(token.state))},
                     {"live", token.live},
                     {"altered", why.altered},
                     {"replays", token.replays}};
  }
  if (const auto& minted = why.federated)
    body["federation"] = {{"jti", minted->jti ? minted->jti->text() : ""},
                          {"relying_party", minted->grant.value_or("")},
                          {"audience", minted->server.value_or("")},
                          {"expires_at", minted->expires_at.value_or(0)},
                          {"reusable", true}};
  if (!why.calls.empty()) body["calls"] = Json::array();
  for (const auto& call : why.calls) body["calls"].push_back(call.json());
  body["presented"] = why.presented.size();
  return body;
}

void print(const Why& why, const std::vector<std::string>& next) {
  fmt::print("{}\n", sentence_of(why));
  if (why.calls.size() > 1) {
    Table table({"OPENED (UTC)", "TXN", "AGENT", "TOOL", "STATE"});
    for (const auto& call : why.calls)
      table.add(
          {utc_time(call.opened_us), call.txn.text(), for_terminal(call.agent), for_terminal(call.tool), call.state});
    fmt::print("{}", table.text(colour_wanted()));
  }
  fmt::print("{}", timeline(why.evidence));
  std::fflush(stdout);
  for (const auto& line : next) fmt::print(stderr, "jeton: hint: {}\n", for_terminal(line));
}

}  // namespace

int log_why(const Common& common, const WhyOptions& options) {
  auto text = read_clue(options.what);
  if (!text) return tell(common, text.error());
  const auto clue = Clue::parse(*text);
  wipe(*text);
  if (!clue) return tell(common, clue.error());
  return with_log(common, [&](const LogReader& log) {
    auto index = open_index(common, log, options.cache);
    if (!index) return tell(common, index.error());
    const auto now_us = SystemClock().wall_us();
    std::optional<Why> why;
    {
      ProgressLine line("indexed");
      why = why_of(log, *index, *clue, now_us, [&line](auto done, auto events) {
        if (done < events) step_back();
        line.show(done, events);
      });
    }
    if (!why) return tell_unknown(common, log, *clue);
    const auto next = next_of(*why, now_us);
    if (common.json)
      fmt::print("{}\n", json_for_terminal(json_of(*why, next)));
    else
      print(*why, next);
    if (clue->form == Clue::Form::token && options.what != "-" && !options.what.starts_with('@'))
      fmt::print(stderr, "jeton: hint: a token on a command line is seen by others; give it with - or @FILE\n");
    return why->altered ? exit_unknown : 0;
  });
}

}  // namespace jeton::cli
