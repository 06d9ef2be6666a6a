// Rolling back is cutting off: an append-only log has only one end.
#include "support/memory_store.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>

#include "jeton/id.hpp"
#include "jeton/merkle.hpp"

namespace jeton::testing {
namespace {

bool is_control(const Event& event) {
  return event.kind == EventKind::agent_disabled || event.kind == EventKind::agent_enabled ||
         event.kind == EventKind::log_recovered || (event.kind == EventKind::token_revoked && !event.jti);
}

bool stands(const Event& event) { return is_control(event) && (event.kind != EventKind::token_revoked || !event.txn); }

TreeEdge edge_over(const std::vector<Event>& events, std::uint64_t size) {
  TreeEdge edge;
  for (std::uint64_t i = 0; i < size; ++i) edge.append(leaf_hash(events.at(i)));
  return edge;
}

bool is_of_story(EventKind kind) { return kind >= EventKind::call_opened && kind <= EventKind::call_outcome; }

bool is_opening(EventKind kind) { return kind == EventKind::call_opened || kind == EventKind::token_minted; }

/// Of its story something is archived, or was and only what was said later is left.
bool is_cut(const MemoryLog& log, const Txn& txn) {
  const auto* said = log.archived();
  if (said == nullptr) return false;
  if (log.cut.count(txn) != 0) return true;
  const auto first = std::find_if(log.events.begin(), log.events.end(), [&](const Event& event) {
    return event.txn == txn && log.has(event) && is_of_story(event.kind);
  });
  if (first == log.events.end()) return false;
  return first->log_index < static_cast<std::uint64_t>(*said->cited_size) || !is_opening(first->kind);
}

class MemoryReader final : public LogReader {
 public:
  explicit MemoryReader(std::shared_ptr<const MemoryLog> log) : log_(std::move(log)) {}

  std::vector<Event> read(std::uint64_t from, std::size_t limit) const override {
    return taken(limit, [from](const Event& e) { return e.log_index >= from; });
  }
  std::vector<Event> everything_of(const Txn& txn, std::size_t limit) const override {
    return taken(limit, [&txn](const Event& e) { return e.txn == txn; });
  }
  std::vector<Opening> openings(std::uint64_t before, std::size_t limit) const override {
    std::vector<Opening> found;
    std::set<Txn> seen;
    for (const auto& event : log_->events)
      if (log_->has(event) && event.txn && is_of_story(event.kind) && seen.insert(*event.txn).second &&
          event.log_index < before)
        found.push_back({*event.txn, event.log_index});
    std::reverse(found.begin(), found.end());
    if (found.size() > limit) found.resize(limit);
    return found;
  }
  std::vector<Opening> children(const Txn& parent, std::size_t limit) const override {
    std::vector<Opening> found;
    std::set<Txn> seen;
    for (const auto& event : log_->events)
      if (log_->has(event) && event.txn && event.parent_txn == parent && is_opening(event.kind) &&
          seen.insert(*event.txn).second)
        found.push_back({*event.txn, event.log_index});
    if (found.size() > limit) found.resize(limit);
    return found;
  }
  std::uint64_t size() const override { return log_->events.size(); }
  Archive archive() const override {
    const auto* said = log_->archived();
    if (said == nullptr) return {};
    const auto below = static_cast<std::uint64_t>(*said->cited_size);
    return {std::min(log_->moved, below), below, said->time_us, said->log_index, 0};
  }
  bool is_cut(const Txn& txn) const override { return jeton::testing::is_cut(*log_, txn); }
  std::uint64_t gaps() const override { return 0; }
  std::uint64_t strays() const override { return 0; }
  std::vector<std::string> altered() const override { return {}; }
  std::size_t visit(std::uint64_t from, std::size_t limit, const std::function<void(const Row&)>& see) const override {
    const auto events = read(from, limit);
    for (const auto& event : events) see({event.log_index, &event, leaf_hash(event), ""});
    return events.size();
  }
  Sha256 subtree(unsigned level, std::uint64_t n) const override {
    if (level == 0) return leaf_hash(log_->events.at(n));
    return node_hash(subtree(level - 1, 2 * n), subtree(level - 1, 2 * n + 1));
  }
  std::vector<SignedHead> heads(std::uint64_t from_size, std::size_t limit) const override {
    std::vector<SignedHead> found;
    for (const auto& head : log_->heads)
      if (found.size() < limit && head.head.size >= from_size) found.push_back(head);
    return found;
  }
  std::optional<SignedHead> newest_head() const override {
    return log_->heads.empty() ? std::nullopt : std::optional(log_->heads.back());
  }
  std::optional<std::string> sealed(std::uint64_t log_index) const override {
    const auto found = log_->sealed.find(log_index);
    return found == log_->sealed.end() ? std::nullopt : std::optional(found->second);
  }
  std::string origin() const override { return log_->origin; }

 private:
  template <class Wanted>
  std::vector<Event> taken(std::size_t limit, Wanted wanted) const {
    std::vector<Event> found;
    for (const auto& event : log_->events)
      if (found.size() < limit && log_->has(event) && wanted(event)) found.push_back(event);
    return found;
  }

  std::shared_ptr<const MemoryLog> log_;
};

}  // namespace

bool MemoryLog::has(const Event& event) const { return event.log_index >= moved || stands(event); }

const Event* MemoryLog::archived() const {
  const auto found = std::find_if(events.rbegin(), events.rend(), [](const Event& event) {
    return event.kind == EventKind::log_archived && event.cited_size &&
           static_cast<std::uint64_t>(*event.cited_size) <= event.log_index;
  });
  return found == events.rend() ? nullptr : &*found;
}

std::uint64_t MemoryLog::standing(std::uint64_t below) const {
  return static_cast<std::uint64_t>(std::count_if(
      events.begin(), events.end(), [below](const Event& event) { return event.log_index < below && stands(event); }));
}

MemoryStore::MemoryStore() : MemoryStore(std::make_shared<MemoryLog>()) { log_->id = random_id(); }
MemoryStore::MemoryStore(std::shared_ptr<MemoryLog> log) : log_(std::move(log)) {}

Result<void> MemoryStore::transact(const std::function<void()>& work) {
  if (in_transaction_) throw std::logic_error("transact is not reentrant");
  ++transactions_;
  if (disk_ == Disk::refuses_to_begin) return refuse(Code::log_unavailable, "the disk does not begin");
  const auto before = log_->events.size();
  in_transaction_ = true;
  try {
    work();
  } catch (const LogDamaged& error) {
    cut(before);
    in_transaction_ = false;
    return refuse(Code::log_unavailable, error.what());  // as the ledger in a file does
  } catch (...) {
    cut(before);
    in_transaction_ = false;
    throw;
  }
  at_commit_();
  in_transaction_ = false;
  if (disk_ == Disk::good) return {};
  // A sync that failed when everything was on the disk already.
  if (disk_ != Disk::keeps_and_fails) cut(before);
  return refuse(Code::log_unavailable, "the disk does not commit");
}

void MemoryStore::isolate(const std::function<void()>& part) {
  const auto before = log_->events.size();
  try {
    part();
  } catch (...) {
    cut(before);
    throw;
  }
}

std::uint64_t MemoryStore::append(const Event& event) {
  if (!in_transaction_) throw std::logic_error("append outside of a transaction");
  log_->events.push_back(event);
  return log_->events.back().log_index = log_->events.size() - 1;
}

void MemoryStore::keep_sealed(std::uint64_t log_index, std::string_view bytes) {
  if (!in_transaction_) throw std::logic_error("keep_sealed outside of a transaction");
  log_->sealed[log_index] = bytes;
}

void MemoryStore::cut(std::uint64_t size) {
  log_->events.resize(size);
  log_->sealed.erase(log_->sealed.lower_bound(size), log_->sealed.end());
}

std::optional<std::uint64_t> MemoryStore::redeem(const VerifiedToken& token, Event event) {
  if (spent(token.claims().jti)) return std::nullopt;
  event.kind = EventKind::token_redeemed;
  event.txn = token.claims().txn;
  event.jti = token.claims().jti;
  event.token_sha256 = token.sha256();
  return append(event);
}

std::vector<Event> MemoryStore::story(const Txn& txn) const {
  if (disk_ == Disk::unreadable) throw LogDamaged("disk I/O error");
  std::vector<Event> found;
  for (const auto& event : log_->events)
    if (log_->has(event) && event.txn == txn && is_of_story(event.kind)) found.push_back(event);
  if (is_cut(txn)) found.clear();
  return found;
}

std::optional<Event> MemoryStore::spent(const Jti& jti) const {
  if (disk_ == Disk::unreadable) throw LogDamaged("disk I/O error");
  for (const auto& event : log_->events)
    if (log_->has(event) && event.kind == EventKind::token_redeemed && event.jti == jti) return event;
  return std::nullopt;
}

std::vector<Event> MemoryStore::controls() const {
  std::vector<Event> found;
  std::copy_if(log_->events.begin(), log_->events.end(), std::back_inserter(found),
               [this](const Event& event) { return log_->has(event) && is_control(event); });
  return found;
}

std::uint64_t MemoryStore::archived() const {
  const auto* said = log_->archived();
  return said == nullptr ? 0 : static_cast<std::uint64_t>(*said->cited_size);
}

bool MemoryStore::is_cut(const Txn& txn) const { return testing::is_cut(*log_, txn); }

std::int64_t MemoryStore::newest_us(std::uint64_t below) const {
  std::int64_t newest = 0;
  for (auto i = below - std::min<std::uint64_t>(below, 256); i < below; ++i)
    newest = std::max(newest, log_->events.at(i).time_us);
  return newest;
}

Result<std::size_t> MemoryStore::move_archived(std::size_t tiles) {
  const auto* said = log_->archived();
  if (said == nullptr || log_->heads.empty() || said->log_index >= log_->heads.back().head.size) return std::size_t{0};
  std::size_t moved = 0;
  for (; moved < tiles && log_->moved < archived(); ++moved, log_->moved += 256)
    for (auto i = log_->moved; i < log_->moved + 256; ++i) {
      const auto& event = log_->events.at(i);
      if (!event.txn || !is_of_story(event.kind)) continue;
      const bool goes_on = std::any_of(log_->events.begin(), log_->events.end(), [&](const Event& later) {
        return later.log_index >= archived() && later.txn == event.txn && is_of_story(later.kind);
      });
      if (goes_on)
        log_->cut.insert(*event.txn);
      else
        log_->cut.erase(*event.txn);
      log_->sealed.erase(i);
    }
  return moved;
}

TreeHead MemoryStore::head() const { return {size(), edge_over(log_->events, size()).root()}; }

Sha256 MemoryStore::root_at(std::uint64_t size) const {
  if (disk_ == Disk::unreadable) throw std::runtime_error("disk I/O error");
  return edge_over(log_->events, size).root();
}

Result<void> MemoryStore::keep(const SignedHead& head) {
  return transact([&] { log_->heads.push_back(head); });
}

std::optional<SignedHead> MemoryStore::newest_head() const { return reader()->newest_head(); }

Result<std::string> MemoryStore::origin(const std::string& proposed) {
  if (log_->origin.empty()) log_->origin = proposed;
  return log_->origin;
}

std::unique_ptr<LogReader> MemoryStore::reader() const { return std::make_unique<MemoryReader>(log_); }

}  // namespace jeton::testing
