// Writing events as lines without a tree of JSON values in between: an export reads everything.
#include "readers/export.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "jeton/event.hpp"
#include "readers/ocsf.hpp"
#include "readers/otlp.hpp"
#include "readers/otlp_spans.hpp"

namespace jeton {
namespace {

// Small enough that the writer's log can begin anew between two pages.
constexpr std::size_t page_events = 256;
constexpr std::size_t story_max = 10'000;

constexpr std::string_view csv_end = "\r\n";

/// Where `"log_index":` belongs among the members of a canonical object: before the first name behind it.
std::size_t place_of_index(std::string_view leaf, std::size_t from) {
  constexpr std::string_view name = "log_index";
  std::size_t at = from;
  while (at < leaf.size() && leaf[at] == '"') {
    const auto end = leaf.find('"', at + 1);  // names have nothing in them to escape
    if (leaf.substr(at + 1, end - at - 1) > name) return at;
    at = end + 2;
    if (leaf[at] == '"')
      for (++at; leaf[at] != '"'; ++at)
        if (leaf[at] == '\\') ++at;
    at = leaf.find_first_of(",}", at) + 1;
  }
  return at;
}

void append_json(std::string& out, const Event& event) {
  const auto leaf = leaf_bytes(event);
  const auto place = place_of_index(leaf, 1);
  out.append(leaf, 0, place);
  if (place == leaf.size()) {  // behind the closing brace: it is the last
    out.back() = ',';
    fmt::format_to(std::back_inserter(out), "\"log_index\":{}}}\n", event.log_index);
    return;
  }
  fmt::format_to(std::back_inserter(out), "\"log_index\":{},", event.log_index);
  out.append(leaf, place);
  out += '\n';
}

/// One cell after the other.
class Cells {
 public:
  explicit Cells(std::string& out) : out_(out) {}

  void next() {
    if (!first_) out_ += ',';
    first_ = false;
  }
  void put(std::string_view text) {
    constexpr std::string_view of_formulas = "=+-@\t\r";
    const bool formula = !text.empty() && of_formulas.find(text.front()) != of_formulas.npos;
    if (text.find_first_of(",\"\r\n") == text.npos) {
      if (formula) out_ += '\'';
      out_ += text;
      return;
    }
    out_ += formula ? "\"'" : "\"";
    for (const char c : text) {
      if (c == '"') out_ += '"';
      out_ += c;
    }
    out_ += '"';
  }
  void put(const std::string& text) { put(std::string_view(text)); }
  void put(bool value) { out_ += value ? "true" : "false"; }
  template <class Integer>
  requires std::is_integral_v<Integer>
  void put(Integer number) {
    char digits[24];
    out_.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
  }
  void put(const Sha256& hash) { out_ += hex(hash); }
  template <class Tag>
  void put(const Id<Tag>& id) {
    put(id.text());
  }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void put(Enum value) { put(name_of(value)); }

 private:
  std::string& out_;
  bool first_ = true;
};

void append_csv(std::string& out, const Event& event) {
  Cells cells(out);
  cells.next();
  cells.put(event.log_index);
  cells.next();
  cells.put(event.time_us);
  cells.next();
  cells.put(event.kind);
  for_each_member(event, [&cells](const char*, const auto& member, auto...) {
    cells.next();
    if (member) cells.put(*member);
  });
  out += csv_end;
}

void append_document(std::string& out, const Event& event, const Json& document) {
  const auto text = canonical_json(document);
  if (!text) throw LogDamaged(fmt::format("event {} has a text or a number that no event can have", event.log_index));
  (out += *text) += '\n';
}

/// The formats in their order: what each is called, and what stands before and behind an event's place in its lines.
struct Form {
  std::string_view name, before_index, behind_index;
};
constexpr std::array forms{
    Form{"jsonl", "\"log_index\":", ",}"},
    Form{"csv", "", ","},
    Form{"ocsf", "\"log_index\":", ",}"},
    Form{"otlp", "\"jeton.log_index\",\"value\":{\"intValue\":\"", "\""},
    Form{"otlp-traces", "\"jeton.log_index\",\"value\":{\"intValue\":\"", "\""},
};
constexpr std::array names{forms[0].name, forms[1].name, forms[2].name, forms[3].name, forms[4].name};

bool is_wanted(const Event& event, const ExportRange& range) {
  return (!range.since_us || event.time_us >= *range.since_us) && (!range.until_us || event.time_us < *range.until_us);
}

}  // namespace

std::span<const std::string_view> export_formats() { return names; }

std::optional<ExportFormat> export_format_named(std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<ExportFormat>(found - names.begin());
}

std::string export_header(ExportFormat format) {
  if (format != ExportFormat::csv) return "";
  std::string names = "log_index,time_us,event";
  const Event none;
  for_each_member(none, [&names](const char* name, const auto&, auto...) { (names += ',') += name; });
  return names.append(csv_end);
}

void append_export_line(std::string& out, const Event& event, ExportFormat format, std::string_view origin) {
  try {
    switch (format) {
      case ExportFormat::jsonl: return append_json(out, event);
      case ExportFormat::csv: return append_csv(out, event);
      case ExportFormat::ocsf: return append_document(out, event, ocsf_json(event, origin));
      case ExportFormat::otlp: return append_document(out, event, otlp_json(event, origin));
      case ExportFormat::otlp_traces: return;
    }
  } catch (const std::logic_error&) {
    throw LogDamaged(fmt::format("event {} has a text or a number that no event can have", event.log_index));
  }
}

ExportLine append_export_line(std::string& out, const LogReader& log, const Event& event, ExportFormat format,
                              std::string_view origin) {
  if (format != ExportFormat::otlp_traces) {
    append_export_line(out, event, format, origin);
    return ExportLine::written;
  }
  if (!can_end_call(event)) return ExportLine::none;
  const auto story = log.everything_of(*event.txn, story_max);
  if (is_end_of_call(event, story) && log.is_cut(*event.txn)) return ExportLine::cut;
  const auto spans = otlp_spans_json(event, story, origin);
  if (spans) append_document(out, event, *spans);
  return spans ? ExportLine::written : ExportLine::none;
}

std::optional<std::uint64_t> index_of_line(std::string_view line, ExportFormat format) {
  const auto& form = forms.at(static_cast<std::size_t>(format));
  std::size_t at = 0;
  if (!form.before_index.empty()) {
    if (!line.starts_with('{')) return std::nullopt;
    // A text inside a member has its quotes escaped, so it cannot spell this.
    at = line.find(form.before_index);
    if (at == line.npos) return std::nullopt;
    at += form.before_index.size();
  }
  std::uint64_t index = 0;
  const auto [end, error] = std::from_chars(line.data() + at, line.data() + line.size(), index);
  if (error != std::errc() || end == line.data() + line.size() ||
      form.behind_index.find(*end) == form.behind_index.npos)
    return std::nullopt;
  return index;
}

Exported export_events(const LogReader& log, const ExportRange& range, ExportFormat format,
                       const std::function<bool(const std::string&)>& put,
                       const std::function<void(std::uint64_t next)>& progress) {
  const auto end = std::min(range.end, log.size());
  const auto origin = log.origin();
  const auto archived = log.archive();
  auto begin = archived.first;
  Exported done{0, range.from.value_or(begin)};
  for (std::string text; done.next < end; text.clear()) {
    std::optional<LogDamaged> damage;
    std::uint64_t lines = 0;
    const auto first = done.next;
    auto next = first;
    const auto seen = log.visit(next, std::min<std::uint64_t>(page_events, end - next), [&](const auto& row) {
      if (damage || done.cut) return;
      if (row.event == nullptr) {
        damage = LogDamaged(std::string(row.trouble));
      } else if (row.log_index != next) {
        damage = LogDamaged(fmt::format("events {} to {} are missing", next, row.log_index - 1));
      } else {
        auto line = ExportLine::none;
        try {
          if (is_wanted(*row.event, range)) line = append_export_line(text, log, *row.event, format, origin);
        } catch (const LogDamaged& error) {
          damage = error;
        }
        if (line == ExportLine::written) ++lines;
        // Behind what says so a call can end by a late revocation alone, and no archive has a line of that.
        done.cut = line == ExportLine::cut && range.from && next < archived.said_at;
        if (!done.cut) ++next;
      }
    });
    if (!damage && !done.cut && (seen == 0 || next == first))
      throw LogDamaged(fmt::format("events from {} on are missing", next));
    // Somebody let rows go while this went on. What comes behind them is not given: it would look whole.
    const bool of_calls = format == ExportFormat::otlp_traces;
    const auto archive = damage || of_calls ? log.archive() : LogReader::Archive{};
    if (of_calls && archive.first != archived.first) {
      done.archived = archive;
      return done;
    }
    if (damage && next >= archive.first) throw *damage;
    if (damage && !range.from && next == begin) {  // nothing was given yet: it begins where the rows do now
      begin = done.next = archive.first;
      continue;
    }
    if (!text.empty() && !put(text)) return done;
    done.lines += lines;
    done.next = next;
    if (progress) progress(next);
    if (!damage && !done.cut) continue;
    done.archived = archive;
    return done;
  }
  return done;
}

}  // namespace jeton
