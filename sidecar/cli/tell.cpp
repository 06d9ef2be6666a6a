// Saying no: one sentence, one hint, one exit status.
#include <fmt/core.h>

#include "cli/commands.hpp"
#include "cli/table.hpp"

namespace jeton::cli {

ClientOptions Common::client() const {
  ClientOptions options;
  if (socket) options.socket = *socket;
  // A command has no tool call waiting behind it; a person rather waits a moment than retypes.
  options.deadline = std::chrono::seconds(5);
  return options;
}

int tell(const Common& common, const Error& error) {
  const auto& row = facts(error.code);
  if (common.json) {
    Json body{{"code", row.name}, {"message", error.message}};
    if (error.txn) body["txn"] = *error.txn;
    if (error.log_index) body["log_index"] = *error.log_index;
    fmt::print("{}\n", body.dump(2, ' ', false, Json::error_handler_t::replace));
    return row.exit;
  }
  // By convention a message is "what; what to do next".
  const auto& message = error.message;
  const auto cut = message.find("; ");
  fmt::print(stderr, "jeton: {}: {}: {}\n", row.exit == 4 ? "refused" : "error", row.name,
             for_terminal(message.substr(0, cut)));
  if (cut != message.npos) fmt::print(stderr, "jeton: hint: {}\n", for_terminal(message.substr(cut + 2)));
  if (error.txn) fmt::print(stderr, "jeton: hint: jeton log show {}\n", for_terminal(*error.txn));
  return row.exit;
}

int usage(std::string_view what) {
  fmt::print(stderr, "jeton: {}\njeton: hint: see jeton --help\n", what);
  return 2;
}

}  // namespace jeton::cli
