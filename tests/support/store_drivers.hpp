// The ledger's drivers, each in the same clothes: what the contract suites ask in turn.
#pragma once

#include "store/sqlite_store.hpp"
#include "support/catch.hpp"
#include "support/memory_store.hpp"
#include "support/temp_dir.hpp"

namespace jeton::testing {

/// A ledger in a real file.
class OnDisk {
 public:
  OnDisk() { reopen(); }
  Store& store() { return *store_; }
  std::unique_ptr<LogReader> reader() {
    auto reader = open_sqlite_reader(dir_ / "jeton.db");
    REQUIRE(reader);
    return std::move(*reader);
  }
  void reopen() {
    store_.reset();
    auto opened = open_sqlite_store(dir_ / "jeton.db", Sync::normal);
    REQUIRE(opened);
    store_ = std::move(*opened);
  }

 private:
  TempDir dir_;
  std::unique_ptr<Store> store_;
};

class InMemory {
 public:
  Store& store() { return *store_; }
  std::unique_ptr<LogReader> reader() { return store_->reader(); }
  void reopen() { store_ = std::make_unique<MemoryStore>(store_->log()); }

 private:
  std::unique_ptr<MemoryStore> store_ = std::make_unique<MemoryStore>();
};

}  // namespace jeton::testing
