// `jeton log calls`: the newest calls, or those that fit, and what became of them.
#include <algorithm>

#include "cli/log_access.hpp"
#include "cli/table.hpp"
#include "cli/time_words.hpp"
#include "cli/timeline.hpp"
#include "jeton/clock.hpp"
#include "log/archived.hpp"
#include "readers/find.hpp"

namespace jeton::cli {
namespace {

std::string outcome_words(const CallSummary& call) {
  if (!call.openers_outcome && !call.redeemers_outcome) return "-";
  const auto opener = call.openers_outcome.value_or("-");
  const auto server = call.redeemers_outcome.value_or("-");
  return opener == server ? opener : fmt::format("agent {}, server {}", opener, server);
}

Result<std::optional<std::int64_t>> time_of(const char* option, const std::optional<std::string>& text,
                                            std::int64_t now_us) {
  if (!text) return std::nullopt;
  if (const auto time = time_from(*text, now_us)) return time;
  return refuse(Code::bad_request, fmt::format("{} {} is no time; it takes {}", option, *text, time_help));
}

Result<CallFilter> filter_of(const CallsOptions& options, std::int64_t now_us) {
  CallFilter filter{options.agent,      options.tool,    options.server, options.run_id,
                    options.session_id, options.call_id, options.state};
  if (options.code) {
    filter.code = code_named(*options.code);
    if (!filter.code)
      return refuse(
          Code::bad_request,
          fmt::format("{} is no code; see the codes in docs/protocol.md, already_redeemed is one", *options.code));
  }
  const auto since = time_of("--since", options.since, now_us);
  if (!since) return refuse(since.error());
  const auto until = time_of("--until", options.until, now_us);
  if (!until) return refuse(until.error());
  std::tie(filter.since_us, filter.until_us) = std::pair(*since, *until);
  return filter;
}

/// A word as a shell takes it.
std::string quoted(const std::string& word) {
  constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:@%+=,";
  if (!word.empty() && word.find_first_not_of(plain) == word.npos) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// RFC 3339, so that "2h" means the same two hours on the next page.
std::string fixed(std::int64_t time_us) {
  auto text = utc_time(time_us);
  if (const auto space = text.find(' '); space != text.npos) text[space] = 'T';
  return text;
}

/// The same question for the next page.
std::string next_page(const Common& common, const CallsOptions& options, const CallFilter& filter,
                      std::uint64_t before) {
  std::string words = "jeton log calls";
  const auto say = [&words](const char* option, const std::optional<std::string>& value) {
    if (value) words += fmt::format(" {} {}", option, quoted(*value));
  };
  say("--state", common.state);
  say("--agent", options.agent);
  say("--tool", options.tool);
  say("--server", options.server);
  say("--run", options.run_id);
  say("--session", options.session_id);
  say("--call-id", options.call_id);
  say("--call-state", options.state);
  say("--code", options.code);
  if (filter.since_us) say("--since", fixed(*filter.since_us));
  if (filter.until_us) say("--until", fixed(*filter.until_us));
  say("--cache", options.cache);
  if (options.limit != CallsOptions().limit) words += fmt::format(" --limit {}", options.limit);
  return words + fmt::format(" --before {}", before);
}

void print(const CallPage& page) {
  Table table({"OPENED (UTC)", "TXN", "AGENT", "TOOL", "SERVER", "STATE", "ATTEMPTS", "REFUSED", "OUTCOME", "CALL_ID"});
  for (const auto& call : page.calls)
    table.add({utc_time(call.opened_us), call.txn.text(), short_agent(call.agent), for_terminal(call.tool),
               for_terminal(call.server.value_or("-")), call.state, std::to_string(call.attempts),
               std::to_string(call.refusals), outcome_words(call), for_terminal(call.call_id.value_or("-"))});
  if (!table.empty()) fmt::print("{}", table.text(colour_wanted()));
}

Result<CallPage> page_of(const Common& common, const LogReader& log, const CallsOptions& options,
                         const CallFilter& filter, std::int64_t now_us) {
  const auto before = options.before.value_or(UINT64_MAX);
  if (filter.empty()) return list_calls(log, before, options.limit, now_us);
  auto index = open_index(common, log, options.cache);
  if (!index) return refuse(index.error());
  ProgressLine line("indexed");
  return find_calls(log, *index, filter, before, options.limit, now_us, [&line](auto done, auto events) {
    if (done < events) step_back();
    line.show(done, events);
  });
}

}  // namespace

int log_calls(const Common& common, const CallsOptions& options) {
  const auto now_us = SystemClock().wall_us();
  const auto filter = filter_of(options, now_us);
  if (!filter) return usage(filter.error().message);
  return with_log(common, [&](const LogReader& log) {
    const auto page = page_of(common, log, options, *filter, now_us);
    if (!page) return tell(common, page.error());
    if (common.json) {
      fmt::print("{}\n", json_for_terminal(page->json()));
      return 0;
    }
    print(*page);
    if (page->next_before)
      fmt::print(stderr, "jeton: hint: older calls: {}\n",
                 for_terminal(next_page(common, options, *filter, *page->next_before)));
    if (const auto archive = log.archive(); archive.first > 0 && !page->next_before)
      fmt::print(stderr, "jeton: hint: {}\n", archived_words(archive, "calls"));
    if (page->gaps)
      fmt::print(stderr, "events {} gaps {}\n", page->events, *page->gaps);
    else if (page->calls.empty())
      fmt::print(stderr, "no call of this log fits; it has {} events\n", page->events);
    return 0;
  });
}

}  // namespace jeton::cli
