// The text format of Prometheus, line by line.
#include "ops/metrics.hpp"

#include <chrono>

#include "ops/log.hpp"
#include "support/catch.hpp"

using jeton::MetricText;
using jeton::RequestMetrics;
using namespace std::chrono_literals;

TEST_CASE("a metric has its help and type once, above its samples") {
  MetricText text;
  text.gauge("jeton_disk_low", "What it means.", 1);
  text.counter("jeton_log_events_total", "How many.", 18'446'744'073'709'551'615u);
  CHECK(text.take() ==
        "# HELP jeton_disk_low What it means.\n# TYPE jeton_disk_low gauge\njeton_disk_low 1\n"
        "# HELP jeton_log_events_total How many.\n# TYPE jeton_log_events_total counter\n"
        "jeton_log_events_total 18446744073709551615\n");
}

TEST_CASE("requests are counted by what was asked and how it ended") {
  RequestMetrics requests;
  requests.answered("mint", "ok", 1ms);
  requests.answered("mint", "ok", 1ms);
  requests.answered("mint", "no_grant", 1ms);
  MetricText text;
  requests.write(text);
  const auto all = text.take();
  CHECK_THAT(all, Catch::Contains("jeton_requests_total{verb=\"mint\",code=\"ok\"} 2\n"));
  CHECK_THAT(all, Catch::Contains("jeton_requests_total{verb=\"mint\",code=\"no_grant\"} 1\n"));
}

TEST_CASE("the buckets of a histogram are cumulative and its last is the count") {
  RequestMetrics requests;
  for (const auto took : {400us, 500us, 501us, 30'000us, 5'000'000us}) requests.answered("redeem", "ok", took);
  MetricText text;
  requests.write(text);
  const auto all = text.take();
  const auto bucket = [](const char* bound, int count) {
    return Catch::Contains("jeton_request_seconds_bucket{verb=\"redeem\",le=\"" + std::string(bound) + "\"} " +
                           std::to_string(count) + "\n");
  };
  CHECK_THAT(all, bucket("0.0005", 2));
  CHECK_THAT(all, bucket("0.001", 3));
  CHECK_THAT(all, bucket("0.025", 3));
  CHECK_THAT(all, bucket("0.05", 4));
  CHECK_THAT(all, bucket("1", 4));
  CHECK_THAT(all, bucket("+Inf", 5));
  CHECK_THAT(all, Catch::Contains("jeton_request_seconds_count{verb=\"redeem\"} 5\n"));
  CHECK_THAT(all, Catch::Contains("jeton_request_seconds_sum{verb=\"redeem\"} 5.03"));
}

TEST_CASE("a level has its name and nothing else has one") {
  CHECK(jeton::level_named("debug") == jeton::Level::debug);
  CHECK(jeton::level_named("error") == jeton::Level::error);
  CHECK_FALSE(jeton::level_named("Debug"));
  CHECK_FALSE(jeton::level_named(""));
}
