// Numbers for a Prometheus server, in its text format (0.0.4).
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace jeton {

/// Writes samples family by family. Names and labels come from code, never from a request: a label that a caller chose
/// would let it make as many series as it likes.
class MetricText {
 public:
  void gauge(std::string_view name, std::string_view help, double value);
  void counter(std::string_view name, std::string_view help, std::uint64_t value);
  /// The lines above a family's samples; `type` is counter, gauge or histogram.
  void family(std::string_view name, std::string_view type, std::string_view help);
  /// `labels` as `{a="b"}` or empty.
  void sample(std::string_view name, const std::string& labels, double value);
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

/// How long something took: samples of one histogram family, its bounds in seconds.
class Times {
 public:
  using Duration = std::chrono::steady_clock::duration;
  static constexpr std::array<double, 10> bounds_s{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1};

  void add(Duration took);
  /// `label` as `verb="mint"`, or empty.
  void write(MetricText& text, std::string_view family, const std::string& label) const;

 private:
  std::array<std::uint64_t, bounds_s.size()> within_{};  ///< not cumulative
  std::uint64_t count_ = 0;
  double sum_s_ = 0;
};

/// How many requests of each kind ended how, and how long they took from the last byte read to the answer. One thread
/// at a time.
class RequestMetrics {
 public:
  using Duration = Times::Duration;

  /// `verb` and `code` are names of the protocol ("mint", "no_grant"; "ok" for what was not refused) with static
  /// storage.
  void answered(std::string_view verb, std::string_view code, Duration took);
  void write(MetricText& text) const;

 private:
  std::map<std::pair<std::string_view, std::string_view>, std::uint64_t> ends_;
  std::map<std::string_view, Times> times_;
};

/// What an engine that also decides was asked, what came of it, and how long that took, the wait for a free thread
/// included. Thread-safe.
class EngineMetrics {
 public:
  /// `ruling` is a name of the protocol ("permitted", "timeout") with static storage.
  void answered(std::string_view ruling, Times::Duration took);
  void write(MetricText& text) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string_view, std::uint64_t> results_;
  Times times_;
};

}  // namespace jeton
