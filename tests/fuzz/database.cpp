// Any bytes where jeton.db should be: is every end a refusal or a log that can be read?
#include "fuzz/all.hpp"
#include "fuzz/ledger.hpp"

namespace jeton::fuzz {

void run_database(Bytes input) {
  constexpr std::size_t bytes_max = 64 * 1024;
  hold_for_ledger(fresh_ledger_file(text_of(input.first(std::min(input.size(), bytes_max)))));
}

std::vector<std::string> seeds_database() {
  return {small_ledger(), small_ledger().substr(0, 512), small_ledger().substr(0, small_ledger().size() / 2), "",
          "SQLite format 3"};
}

}  // namespace jeton::fuzz
