// Columns as wide as the transcript needs, colours only where somebody looks.
#include "agent/report.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>
#include <unistd.h>

#include "jeton/event.hpp"

namespace example {
namespace {

constexpr std::size_t attack_width = 42, expected_width = 26, result_width = 16;

bool wants_colours() {
  const char* no = std::getenv("NO_COLOR");
  return ::isatty(STDOUT_FILENO) == 1 && (no == nullptr || *no == '\0');
}

/// The width of a column: its widest cell, within reason.
template <class Cell>
std::size_t width_of(const Transcript& transcript, std::size_t least, Cell cell) {
  std::size_t width = least;
  for (const TranscriptCall& call : transcript) width = std::max(width, cell(call).size());
  return std::min<std::size_t>(width, 40);
}

/// A name out of a transcript may hold anything; a terminal gets only what the log would.
std::string tool_name(const TranscriptCall& call) { return jeton::escape_for_log(call.name); }

/// What others say goes to a terminal without anything that would steer it.
std::string printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

}  // namespace

void Totals::count(const CallLine& line) {
  ++calls;
  redeemed += line.redeemed ? 1 : 0;
  refused += line.refused ? 1 : 0;
}

void Totals::count(const AttackLine& line) {
  ++attacks;
  as_expected += line.verdict == Verdict::as_expected ? 1 : 0;
  skipped += line.verdict == Verdict::skipped ? 1 : 0;
}

bool Totals::all_as_expected() const { return redeemed == calls && refused == 0 && as_expected + skipped == attacks; }

std::string Totals::line() const {
  return fmt::format("calls {} redeemed {} refused {}; attacks {} as expected {} skipped {}", calls, redeemed, refused,
                     attacks, as_expected, skipped);
}

Printer::Printer(const Transcript& transcript)
    : colours_(wants_colours()),
      terminal_(::isatty(STDOUT_FILENO) == 1),
      run_width_(width_of(transcript, 3, [](const TranscriptCall& call) { return call.run; })),
      id_width_(width_of(transcript, 4, [](const TranscriptCall& call) { return call.call_id; })),
      tool_width_(width_of(transcript, 4, tool_name)) {}

std::string Printer::painted(std::string_view text, std::size_t width, bool good, bool plain) const {
  const std::string padded = fmt::format("{:<{}}", text, width);
  if (!colours_ || plain) return padded;
  return fmt::format("\x1b[{}m{}\x1b[0m", good ? 32 : 31, padded);
}

void Printer::title(std::string_view text) const {
  fmt::print("\n{}{}{}\n", colours_ ? "\x1b[1m" : "", text, colours_ ? "\x1b[0m" : "");
}

void Printer::call_header() const {
  fmt::print("{:>4}  {:<{}}  {:<{}}  {:<{}}  {:<{}}  {:>6}\n", "#", "run", run_width_, "call", id_width_, "tool",
             tool_width_, "result", result_width, "ms");
}

void Printer::call(std::size_t number, const TranscriptCall& call, const CallLine& line) const {
  fmt::print("{:>4}  {:<{}}  {:<{}}  {:<{}}  {}  {:>6.1f}{}{}\n", number, call.run, run_width_, call.call_id, id_width_,
             tool_name(call), tool_width_, painted(line.result, result_width, line.redeemed), line.ms,
             line.why.empty() ? "" : "  ", printable(line.why));
}

void Printer::attack_header() const {
  fmt::print("{:<{}}  {:<{}}  {:<{}}  {:<11}  {:>6}\n", "attack", attack_width, "expected", expected_width, "met",
             expected_width, "", "ms");
}

void Printer::waiting(std::string_view text) const {
  if (!terminal_) return;
  fmt::print("{}…\r", text);
  std::fflush(stdout);
}

void Printer::attack(const AttackLine& line) const {
  const bool skipped = line.verdict == Verdict::skipped;
  const std::string_view verdict = skipped                                ? "skipped"
                                   : line.verdict == Verdict::as_expected ? "as expected"
                                                                          : "UNEXPECTED";
  fmt::print("{:<{}}  {:<{}}  {:<{}}  {}  {:>6.1f}\n", line.attack, attack_width, line.expected, expected_width,
             printable(line.met), expected_width, painted(verdict, 11, line.verdict == Verdict::as_expected, skipped),
             line.ms);
}

}  // namespace example
