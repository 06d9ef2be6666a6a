// What the agent prints: a line per call and per attack, in columns, and the last line.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "agent/transcript.hpp"

namespace example {

/// How one call of the transcript went.
struct CallLine {
  std::string result;  ///< ok, tool_error, a code, or failed
  bool redeemed = false;
  bool refused = false;
  double ms = 0;
  std::string why;  ///< of what did not go well
};

enum class Verdict { as_expected, unexpected, skipped };

struct AttackLine {
  std::string_view attack;
  std::string_view expected;
  std::string met;  ///< or why it was skipped
  Verdict verdict = Verdict::unexpected;
  double ms = 0;
};

struct Totals {
  std::size_t calls = 0, redeemed = 0, refused = 0;
  std::size_t attacks = 0, as_expected = 0, skipped = 0;

  void count(const CallLine& line);
  void count(const AttackLine& line);
  [[nodiscard]] bool all_as_expected() const;
  /// calls N redeemed N refused N; attacks N as expected N skipped N
  [[nodiscard]] std::string line() const;
};

/// Writes to stdout; in colour on a terminal, unless NO_COLOR is set.
class Printer {
 public:
  explicit Printer(const Transcript& transcript);
  void title(std::string_view text) const;
  void call_header() const;
  void call(std::size_t number, const TranscriptCall& call, const CallLine& line) const;
  void attack_header() const;
  /// A passing note while something takes its time; gone with the next line. Only on a terminal.
  void waiting(std::string_view text) const;
  void attack(const AttackLine& line) const;

 private:
  [[nodiscard]] std::string painted(std::string_view text, std::size_t width, bool good, bool plain = false) const;
  bool colours_;
  bool terminal_;
  std::size_t run_width_, id_width_, tool_width_;
};

}  // namespace example
