// The text format: HELP and TYPE once a family, then its samples; a histogram's buckets are cumulative.
#include "ops/metrics.hpp"

#include <fmt/core.h>

namespace jeton {

void MetricText::family(std::string_view name, std::string_view type, std::string_view help) {
  text_ += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
}

void MetricText::sample(std::string_view name, const std::string& labels, double value) {
  text_ += fmt::format("{}{} {}\n", name, labels, value);
}

void MetricText::gauge(std::string_view name, std::string_view help, double value) {
  family(name, "gauge", help);
  sample(name, "", value);
}

void MetricText::counter(std::string_view name, std::string_view help, std::uint64_t value) {
  family(name, "counter", help);
  text_ += fmt::format("{} {}\n", name, value);
}

void Times::add(Duration took) {
  const auto seconds = std::chrono::duration<double>(took).count();
  ++count_;
  sum_s_ += seconds;
  for (std::size_t i = 0; i < bounds_s.size(); ++i) {
    if (seconds > bounds_s[i]) continue;
    ++within_[i];
    return;
  }
}

void Times::write(MetricText& text, std::string_view family, const std::string& label) const {
  std::uint64_t below = 0;
  const auto bucket = [&](const std::string& bound) {
    text.sample(fmt::format("{}_bucket", family),
                fmt::format("{{{}{}le=\"{}\"}}", label, label.empty() ? "" : ",", bound), static_cast<double>(below));
  };
  for (std::size_t i = 0; i < bounds_s.size(); ++i) {
    below += within_[i];
    bucket(fmt::format("{}", bounds_s[i]));
  }
  below = count_;
  bucket("+Inf");
  const auto labels = label.empty() ? label : fmt::format("{{{}}}", label);
  text.sample(fmt::format("{}_sum", family), labels, sum_s_);
  text.sample(fmt::format("{}_count", family), labels, static_cast<double>(count_));
}

void RequestMetrics::answered(std::string_view verb, std::string_view code, Duration took) {
  ++ends_[{verb, code}];
  times_[verb].add(took);
}

void RequestMetrics::write(MetricText& text) const {
  text.family("jeton_requests_total", "counter", "Requests answered, by what was asked and how it ended.");
  for (const auto& [end, count] : ends_)
    text.sample("jeton_requests_total", fmt::format("{{verb=\"{}\",code=\"{}\"}}", end.first, end.second),
                static_cast<double>(count));
  text.family("jeton_request_seconds", "histogram", "From the last byte of a request to its answer.");
  for (const auto& [verb, times] : times_) times.write(text, "jeton_request_seconds", fmt::format("verb=\"{}\"", verb));
}

void EngineMetrics::answered(std::string_view ruling, Times::Duration took) {
  const std::lock_guard lock(mutex_);
  ++results_[ruling];
  times_.add(took);
}

void EngineMetrics::write(MetricText& text) const {
  const std::lock_guard lock(mutex_);
  text.family("jeton_policy_verdicts_total", "counter", "Questions to the policy engine, by what came of them.");
  for (const auto& [ruling, count] : results_)
    text.sample("jeton_policy_verdicts_total", fmt::format("{{result=\"{}\"}}", ruling), static_cast<double>(count));
  text.family("jeton_policy_seconds", "histogram", "From a question to its verdict, the wait for a thread included.");
  times_.write(text, "jeton_policy_seconds", "");
}

}  // namespace jeton
