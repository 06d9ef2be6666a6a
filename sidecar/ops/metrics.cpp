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

void RequestMetrics::answered(std::string_view verb, std::string_view code, Duration took) {
  ++ends_[{verb, code}];
  auto& times = times_[verb];
  const auto seconds = std::chrono::duration<double>(took).count();
  ++times.count;
  times.sum_s += seconds;
  for (std::size_t i = 0; i < bounds_s.size(); ++i) {
    if (seconds > bounds_s[i]) continue;
    ++times.within[i];
    return;
  }
}

void RequestMetrics::write(MetricText& text) const {
  text.family("jeton_requests_total", "counter", "Requests answered, by what was asked and how it ended.");
  for (const auto& [end, count] : ends_)
    text.sample("jeton_requests_total", fmt::format("{{verb=\"{}\",code=\"{}\"}}", end.first, end.second),
                static_cast<double>(count));
  text.family("jeton_request_seconds", "histogram", "From the last byte of a request to its answer.");
  for (const auto& [verb, times] : times_) {
    std::uint64_t below = 0;
    const auto bucket = [&](const std::string& bound) {
      text.sample("jeton_request_seconds_bucket", fmt::format("{{verb=\"{}\",le=\"{}\"}}", verb, bound),
                  static_cast<double>(below));
    };
    for (std::size_t i = 0; i < bounds_s.size(); ++i) {
      below += times.within[i];
      bucket(fmt::format("{}", bounds_s[i]));
    }
    below = times.count;
    bucket("+Inf");
    const auto labels = fmt::format("{{verb=\"{}\"}}", verb);
    text.sample("jeton_request_seconds_sum", labels, times.sum_s);
    text.sample("jeton_request_seconds_count", labels, static_cast<double>(times.count));
  }
}

}  // namespace jeton
