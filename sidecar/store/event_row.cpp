// Binding an event's members to columns, and reading them back with suspicion.
#include "store/event_row.hpp"

#include "store/sqlite_store.hpp"

namespace jeton {
namespace {

[[noreturn]] void damaged(std::uint64_t log_index, const std::string& column) {
  throw LogDamaged("event " + std::to_string(log_index) + " has an impossible " + column);
}

/// Binds one member after the other; an absent one stays NULL.
class Binder {
 public:
  Binder(SQLite::Statement& statement, const std::function<std::int64_t(const std::string&)>& term)
      : statement_(statement), term_(term) {}

  void next() { ++index_; }
  void bind(const std::string& value, Kept kept) {
    if (kept == Kept::term)
      statement_.bind(index_, term_(value));
    else
      statement_.bind(index_, value);
  }
  void bind(std::int64_t value) { statement_.bind(index_, value); }
  void bind(std::uint64_t value) { statement_.bind(index_, static_cast<std::int64_t>(value)); }
  void bind(bool value) { statement_.bind(index_, value ? 1 : 0); }
  void bind(const Sha256& value) { statement_.bind(index_, value.data(), static_cast<int>(value.size())); }
  template <class Tag>
  void bind(const Id<Tag>& value) {
    statement_.bind(index_, value.text());
  }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void bind(Enum value) { statement_.bind(index_, static_cast<int>(value)); }

 private:
  SQLite::Statement& statement_;
  const std::function<std::int64_t(const std::string&)>& term_;
  int index_ = 0;
};

/// What is about one token names it, and its call: who folds events into calls relies on it.
bool is_of_a_token(EventKind kind) {
  return kind == EventKind::token_minted || kind == EventKind::token_superseded || kind == EventKind::token_redeemed;
}

constexpr int last_of(std::optional<Role>*) { return static_cast<int>(Role::daemon); }
constexpr int last_of(std::optional<Verb>*) { return static_cast<int>(Verb::enable); }
constexpr int last_of(std::optional<Code>*) { return static_cast<int>(Code::sidecar_unavailable); }
constexpr int last_of(std::optional<Outcome>*) { return static_cast<int>(Outcome::unknown); }
constexpr int last_of(std::optional<Previous>*) { return static_cast<int>(Previous::revoked); }
constexpr int last_of(std::optional<ReceiptCheck>*) { return static_cast<int>(ReceiptCheck::mismatch); }

/// Reads one column into a member of whatever type; false for a value the member cannot have.
class RowReader {
 public:
  explicit RowReader(const std::function<const std::string&(std::int64_t)>& text) : text_(text) {}

  bool read(const SQLite::Column& column, std::optional<std::string>& out, Kept kept) {
    out = kept == Kept::term ? text_(column.getInt64()) : column.getString();
    return true;
  }
  bool read(const SQLite::Column& column, std::optional<std::int64_t>& out) {
    out = column.getInt64();
    return true;
  }
  bool read(const SQLite::Column& column, std::optional<std::uint64_t>& out) {
    out = static_cast<std::uint64_t>(column.getInt64());
    return column.getInt64() >= 0;
  }
  bool read(const SQLite::Column& column, std::optional<bool>& out) {
    const auto number = column.getInt64();
    out = number != 0;
    return number == 0 || number == 1;
  }
  bool read(const SQLite::Column& column, std::optional<Sha256>& out) {
    if (column.getBytes() != static_cast<int>(Sha256{}.size())) return false;
    const auto* bytes = static_cast<const unsigned char*>(column.getBlob());
    auto& digest = out.emplace();
    std::copy_n(bytes, digest.size(), digest.begin());
    return true;
  }
  template <class Tag>
  bool read(const SQLite::Column& column, std::optional<Id<Tag>>& out) {
    out = Id<Tag>::parse(column.getString());
    return out.has_value();
  }
  template <class Enum>
  requires std::is_enum_v<Enum>
  bool read(const SQLite::Column& column, std::optional<Enum>& out) {
    const auto number = column.getInt64();
    if (number < 1 || number > last_of(static_cast<std::optional<Enum>*>(nullptr))) return false;
    out = static_cast<Enum>(number);
    return true;
  }

 private:
  const std::function<const std::string&(std::int64_t)>& text_;
};

}  // namespace

const std::string& event_columns() {
  static const std::string columns = [] {
    std::string all = "log_index, event, time_us";
    const Event none;
    for_each_member(none, [&all](const std::string& name, const auto&, auto...) { all += ", \"" + name + "\""; });
    return all;
  }();
  return columns;
}

const std::string& insert_event_sql() {
  static const std::string sql = [] {
    std::string values = "?, ?, ?";
    const Event none;
    for_each_member(none, [&values](const char*, const auto&, auto...) { values += ", ?"; });
    return "INSERT INTO event (" + event_columns() + ", leaf) VALUES (" + values + ", ?)";
  }();
  return sql;
}

void bind_event(SQLite::Statement& insert, const Event& event, std::uint64_t log_index, const Sha256& leaf,
                const std::function<std::int64_t(const std::string&)>& term) {
  insert.clearBindings();
  Binder binder(insert, term);
  binder.next();
  binder.bind(log_index);
  binder.next();
  binder.bind(event.kind);
  binder.next();
  binder.bind(event.time_us);
  for_each_member(event, [&binder](const char*, const auto& member, auto... kept) {
    binder.next();
    if (member) binder.bind(*member, kept...);
  });
  binder.next();
  binder.bind(leaf);
}

Event read_event(SQLite::Statement& row, const std::function<const std::string&(std::int64_t)>& text) {
  Event event;
  event.log_index = static_cast<std::uint64_t>(row.getColumn(0).getInt64());
  const auto kind = row.getColumn(1).getInt64();
  if (kind < 1 || kind > static_cast<int>(all_event_kinds().back())) damaged(event.log_index, "event");
  event.kind = static_cast<EventKind>(kind);
  event.time_us = row.getColumn(2).getInt64();
  RowReader reader(text);
  int index = 3;
  for_each_member(event, [&](const char* name, auto& member, auto... kept) {
    const auto column = row.getColumn(index++);
    if (!column.isNull() && !reader.read(column, member, kept...)) damaged(event.log_index, name);
  });
  if (is_of_a_token(event.kind) && (!event.txn || !event.jti)) damaged(event.log_index, event.txn ? "jti" : "txn");
  return event;
}

}  // namespace jeton
