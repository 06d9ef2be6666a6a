// `jeton status` and `jeton metrics`: what the sidecar says about itself and about who asks.
#include <fmt/core.h>

#include "cli/commands.hpp"
#include "cli/status_words.hpp"
#include "cli/table.hpp"

namespace jeton::cli {
namespace {

std::string party_in_words(const Json& party) {
  const auto key = party.value("ready", false) ? party.value("kid", "") : "in the making";
  return for_terminal(fmt::format("reusable tokens for {}, agents {}; {} key {} in {}", party.value("audience", ""),
                                  status_in_words("agents", party.value("agents", Json::array())),
                                  party.value("alg", ""), key, party.value("key_storage", "")));
}

}  // namespace

int status(const Common& common) {
  const auto client = Client::connect(common.client());
  if (!client) return tell(common, client.error());
  const auto answer = client->status();
  if (!answer) return tell(common, answer.error());
  if (common.json) {
    fmt::print("{}\n", answer->dump(2));
    return 0;
  }
  Table table({"jetond", client->socket().string()});
  for (const auto& [name, value] : answer->items()) {
    if (name == "federation" && value.is_array() && !value.empty()) {
      for (const auto& party : value) table.add({name + "." + party.value("name", ""), party_in_words(party)});
      continue;
    }
    if (name == "trusted_issuers" && value.is_array() && !value.empty()) {
      for (const auto& issuer : value) table.add({name, issuer_in_words(issuer)});
      continue;
    }
    if (!value.is_object()) {
      table.add({name, status_in_words(name, value)});
      continue;
    }
    for (const auto& [inner, number] : value.items()) table.add({name + "." + inner, status_in_words(inner, number)});
  }
  fmt::print("{}", table.text(colour_wanted()));
  if (!answer->value("offline_servers", Json::array()).empty())
    fmt::print(stderr,
               "jeton: note: offline_servers burn tokens in stores of their own: superseding and revoking do not "
               "reach them, and their redemptions are only reported\n");
  if (answer->value("dev", false)) fmt::print(stderr, "jeton: warning: --dev grants everything to one account\n");
  return 0;
}

int metrics(const Common& common) {
  if (common.json) return usage("metrics have one form, that of Prometheus; leave --json out");
  const auto client = Client::connect(common.client());
  if (!client) return tell(common, client.error());
  const auto text = client->metrics();
  if (!text) return tell(common, text.error());
  fmt::print("{}", *text);
  return 0;
}

}  // namespace jeton::cli
