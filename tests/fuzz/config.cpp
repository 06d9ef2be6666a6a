// Is every text a configuration or a mistake with file and line?
#include "app/config.hpp"

#include "fuzz/all.hpp"
#include "jeton/hash.hpp"
#include "support/places.hpp"
#include "support/temp_dir.hpp"

namespace jeton::fuzz {
namespace {

/// "jeton.toml:LINE: …", all of it printable.
bool is_located(std::string_view message) {
  constexpr std::string_view file = "jeton.toml:";
  if (!message.starts_with(file)) return false;
  message.remove_prefix(file.size());
  const auto digits = message.find_first_not_of("0123456789");
  return digits != 0 && digits != message.npos && message.substr(digits).starts_with(": ");
}

}  // namespace

void run_config(Bytes input) {
  const auto config = parse_config(text_of(input), "jeton.toml", 990);
  if (config) {
    hold(config->sha256 == hex(jeton::sha256(input)), "a configuration is named by its bytes");
    hold(!config->trust_domain.empty(), "a configuration has a trust domain");
    (void)config->own_sockets();
    return;
  }
  const auto& [code, message, txn, index, pointer] = config.error();
  hold(code == Code::bad_request, "a mistake is bad_request");
  hold(is_located(message), "a mistake names file and line: " + message);
  for (const unsigned char c : message) hold(c >= ' ' && c != 0x7f, "a mistake shows no control characters");
}

std::vector<std::string> seeds_config() {
  const std::string root = jeton::testing::source_dir;
  return {testing::bytes_of(root + "/examples/config/minimal.toml"),
          testing::bytes_of(root + "/examples/config/full.toml"), testing::bytes_of(root + "/examples/demo/demo.toml"),
          "a.b.c.\"d\".'e' = [ {f = 1}, \"\"\"g\"\"\", '''h''' ]\n",
          "[limits]\nidle_s = 0x1F\n[[grant]]\nttl_s = 1.5e3\n[[grant]]\nat = 1979-05-27T07:32:00Z\n"};
}

}  // namespace jeton::fuzz
