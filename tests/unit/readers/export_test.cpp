// An export is the log, line by line: canonical, complete, and harmless in a spreadsheet.
#include "readers/export.hpp"

#include <sstream>

#include "support/catch.hpp"
#include "support/events.hpp"
#include "support/memory_store.hpp"

namespace {

namespace t = jeton::testing;
using jeton::Event;
using jeton::EventKind;
using jeton::ExportFormat;
using jeton::Json;

std::string line_of(const Event& event, ExportFormat format) {
  std::string line;
  append_export_line(line, event, format);
  return line;
}

/// RFC 4180, for one line.
std::vector<std::string> cells_of(std::string_view line) {
  REQUIRE(line.ends_with("\r\n"));
  line.remove_suffix(2);
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (quoted && line.substr(i).starts_with("\"\"")) {
      cells.back() += '"';
      ++i;
    } else if (line[i] == '"') {
      quoted = !quoted;
    } else if (line[i] == ',' && !quoted) {
      cells.emplace_back();
    } else {
      cells.back() += line[i];
    }
  }
  return cells;
}

}  // namespace

TEST_CASE("a line of jsonl is the canonical leaf and its place") {
  for (const auto kind : jeton::all_event_kinds()) {
    for (const bool full : {true, false}) {
      auto event = full ? t::full_event(kind) : Event{};
      event.kind = kind;
      event.log_index = 4711;
      if (full) event.detail = "a \"quoted\\\" \"log_index\":7, text}";
      auto expected = leaf_json(event);
      expected["log_index"] = 4711;
      const auto line = line_of(event, ExportFormat::jsonl);
      CHECK(line == jeton::canonical_json(expected).value() + "\n");
      CHECK(jeton::index_of_line(line, ExportFormat::jsonl) == 4711);
    }
  }
}

TEST_CASE("a line of csv has a cell for every column of the header") {
  const auto header = cells_of(jeton::export_header(ExportFormat::csv));
  auto event = t::full_event(EventKind::token_minted);
  event.log_index = 12;
  event.detail = "one, \"two\"";
  const auto line = line_of(event, ExportFormat::csv);
  const auto cells = cells_of(line);
  REQUIRE(cells.size() == header.size());
  auto expected = leaf_json(event);
  expected["log_index"] = 12;
  REQUIRE(header.size() == expected.size());
  for (std::size_t i = 0; i < header.size(); ++i) {
    CAPTURE(header[i]);
    const auto& value = expected.at(header[i]);
    const auto shown = value.is_string() ? value.get<std::string>() : value.dump();
    const bool guarded = shown.starts_with('-') && value.is_string();
    CHECK(cells[i] == (guarded ? "'" + shown : shown));
  }
  CHECK(jeton::index_of_line(line, ExportFormat::csv) == 12);
  CHECK(cells_of(line_of(Event{}, ExportFormat::csv)).size() == header.size());
}

TEST_CASE("no cell of a csv is a formula") {
  for (const char* text : {"=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "=a,\"b\"", "=a\nb"}) {
    CAPTURE(text);
    Event event;
    event.call_id = text;
    const auto cells = cells_of(line_of(event, ExportFormat::csv));
    CHECK(std::count(cells.begin(), cells.end(), "'" + std::string(text)) == 1);
  }
}

TEST_CASE("an export has every event of its range once and in order, whatever the pages") {
  t::MemoryStore store;
  REQUIRE(store.transact([&] {
    for (int i = 0; i < 700; ++i) {
      Event event;
      event.kind = EventKind::sidecar_stopped;
      event.time_us = 1000 + i;
      store.append(event);
    }
  }));
  const auto exported = [&](const jeton::ExportRange& range, std::size_t puts_max = SIZE_MAX) {
    std::string text;
    std::size_t puts = 0;
    const auto done = export_events(*store.reader(), range, ExportFormat::jsonl, [&](const std::string& more) {
      text += more;
      return ++puts < puts_max;
    });
    std::istringstream in(text);
    std::vector<std::uint64_t> places;
    for (std::string line; std::getline(in, line);)
      places.push_back(jeton::index_of_line(line, ExportFormat::jsonl).value());
    CHECK((puts_max != SIZE_MAX || done.lines == places.size()));
    return places;
  };
  const auto all = exported({});
  REQUIRE(all.size() == 700);
  for (std::size_t i = 0; i < all.size(); ++i) CHECK(all[i] == i);
  CHECK(exported({}) == all);
  CHECK(exported({.from = 690}) == std::vector<std::uint64_t>(all.begin() + 690, all.end()));
  CHECK(exported({.end = 3}) == std::vector<std::uint64_t>{0, 1, 2});
  CHECK(exported({.since_us = 1010, .until_us = 1012}) == std::vector<std::uint64_t>{10, 11});
  CHECK(exported({.from = 700}).empty());
  CHECK(exported({}, 1).size() < 700);
}

TEST_CASE("the place of an event is found in its line in every format") {
  const auto names = jeton::export_formats();
  REQUIRE(names.size() == 5);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto format = jeton::export_format_named(names[i]);
    REQUIRE(format == static_cast<ExportFormat>(i));
    if (format == ExportFormat::otlp_traces) continue;  // a line of calls, not of events
    for (const auto kind : jeton::all_event_kinds()) {
      auto event = t::full_event(kind);
      event.log_index = 4711;
      event.detail = "\"log_index\":7,\"jeton.log_index\",\"value\":{\"intValue\":\"7\"";
      const auto line = line_of(event, *format);
      CAPTURE(line);
      CHECK(jeton::index_of_line(line, *format) == 4711);
      CHECK(std::count(line.begin(), line.end(), '\n') == 1);
      CHECK(line.size() < 65'536);
    }
  }
  CHECK_FALSE(jeton::export_format_named("xml"));
}

TEST_CASE("a line of another program has no place") {
  for (const char* line :
       {"", "{}", "{\"log_index\":}", "{\"log_index\":x}", "{\"log_index\":7", "7", "x,1", "hello\n"}) {
    CAPTURE(line);
    CHECK_FALSE(jeton::index_of_line(line, ExportFormat::jsonl));
    CHECK_FALSE(jeton::index_of_line(line, ExportFormat::csv));
    CHECK_FALSE(jeton::index_of_line(line, ExportFormat::ocsf));
    CHECK_FALSE(jeton::index_of_line(line, ExportFormat::otlp));
    CHECK_FALSE(jeton::index_of_line(line, ExportFormat::otlp_traces));
  }
}
