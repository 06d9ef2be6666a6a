// `jeton federate`: a federation token on stdout, or in a file that only this account can read.
#include <filesystem>

#include <fmt/core.h>
#include <unistd.h>

#include "cli/commands.hpp"
#include "cli/table.hpp"
#include "identity/key_file.hpp"
#include "store/whole_file.hpp"

namespace jeton::cli {
namespace {

/// Written as a key is: whole, 0600, and never half there for the program that reads it.
Result<void> write_token(const std::filesystem::path& file, std::string_view token) {
  constexpr std::size_t any = 1 << 16;
  Secret bytes(token.size());
  std::copy(token.begin(), token.end(), bytes.writable().begin());
  auto written = write_key_file(std::filesystem::absolute(file), {"", "federation token", "", 1, any}, bytes);
  if (!written) return refuse(Code::bad_request, written.error().message + "; name another file with --out");
  return {};
}

}  // namespace

int federate(const Common& common, const FederateOptions& options) {
  // Before anything is minted: a token that has no place to go is good for minutes all the same.
  if (options.file)
    if (auto free = check_own_place(*options.file); !free)
      return tell(common, {free.error().code, free.error().message + "; name another file with --out"});
  const auto client = Client::connect(common.client());
  if (!client) return tell(common, client.error());
  auto answer = client->post("/v1/federation", {{"relying_party", options.relying_party}});
  if (!answer) return tell(common, answer.error());
  Token token(answer->value("token", ""));
  if (options.file) {
    if (auto written = write_token(*options.file, token.expose_for_transport()); !written)
      return tell(common, written.error());
    answer->erase("token");
    (*answer)["file"] = *options.file;
  }
  if (common.json)
    fmt::print("{}\n", answer->dump(2));
  else if (!options.file)
    fmt::print("{}\n", token.expose_for_transport());
  std::fflush(stdout);
  if (::isatty(STDERR_FILENO) != 0)
    fmt::print(stderr, "jeton: note: reusable until {}Z by whoever holds it\n",
               utc_clock_of_seconds(answer->value("expires_at", std::int64_t{0})));
  return 0;
}

}  // namespace jeton::cli
