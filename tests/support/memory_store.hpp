// The ledger in memory: the second driver of the port, so that the contract is a contract, and a disk that can fail.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "store/store.hpp"

namespace jeton::testing {

/// What outlives a MemoryStore as a file outlives a process.
struct MemoryLog {
  std::vector<Event> events;
  std::string id;
  std::vector<SignedHead> heads;
  std::string origin;
  std::map<std::uint64_t, std::string> sealed = {};
  std::uint64_t moved = 0;  ///< archived events below it are shown to nobody, but for those that stand
  std::set<Txn> cut = {};   ///< calls of which some are

  [[nodiscard]] bool has(const Event& event) const;
  /// Of the newest log.archived; no event without one.
  [[nodiscard]] const Event* archived() const;
  [[nodiscard]] std::uint64_t standing(std::uint64_t below) const;
};

/// Keeps nothing of a transaction that threw, and takes back exactly what an isolated part appended.
class MemoryStore : public Store {
 public:
  MemoryStore();
  /// Opens what an earlier one left.
  explicit MemoryStore(std::shared_ptr<MemoryLog> log);

  /// How the disk behaves from now on.
  enum class Disk { good, refuses_to_begin, fails_at_commit, keeps_and_fails, unreadable };
  void set_disk(Disk disk) { disk_ = disk; }
  /// Runs when a transaction's work is done and the disk has not answered yet.
  void set_at_commit(std::function<void()> wait) { at_commit_ = std::move(wait); }

  Result<void> transact(const std::function<void()>& work) override;
  void isolate(const std::function<void()>& part) override;
  std::uint64_t append(const Event& event) override;
  void keep_sealed(std::uint64_t log_index, std::string_view bytes) override;
  std::optional<std::uint64_t> redeem(const VerifiedToken& token, Event event) override;
  std::vector<Event> story(const Txn& txn) const override;
  std::optional<Event> spent(const Jti& jti) const override;
  std::vector<Event> controls() const override;
  std::uint64_t size() const override { return log_->events.size(); }
  TreeHead head() const override;
  Sha256 root_at(std::uint64_t size) const override;
  Result<void> keep(const SignedHead& head) override;
  std::optional<SignedHead> newest_head() const override;
  std::uint64_t heads() const override { return log_->heads.size(); }
  Result<std::string> origin(const std::string& proposed) override;
  std::uint64_t archived() const override;
  bool is_cut(const Txn& txn) const override;
  std::uint64_t standing(std::uint64_t below) const override { return log_->standing(below); }
  std::int64_t newest_us(std::uint64_t below) const override;
  Result<std::size_t> move_archived(std::size_t tiles) override;
  void limit(std::int64_t bytes) override { room_ = bytes == 0 ? INT64_MAX : bytes; }
  std::int64_t room() const override { return room_; }
  std::string id() const override { return log_->id; }

  [[nodiscard]] const std::shared_ptr<MemoryLog>& log() const { return log_; }
  [[nodiscard]] const std::vector<Event>& events() const { return log_->events; }
  [[nodiscard]] std::unique_ptr<LogReader> reader() const;
  /// How many transactions were begun.
  [[nodiscard]] int transactions() const { return transactions_; }

 private:
  void cut(std::uint64_t size);

  std::shared_ptr<MemoryLog> log_;
  Disk disk_ = Disk::good;
  std::function<void()> at_commit_ = [] {};
  std::int64_t room_ = INT64_MAX;
  bool in_transaction_ = false;
  int transactions_ = 0;
};

}  // namespace jeton::testing
