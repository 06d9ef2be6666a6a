// `jeton jwks export`: keys and discovery documents as files, for relying parties that cannot reach the daemon.
#include <filesystem>
#include <map>

#include <fmt/core.h>

#include "cli/commands.hpp"
#include "cli/table.hpp"
#include "http/static_documents.hpp"
#include "identity/keyring.hpp"
#include "identity/relying_party.hpp"
#include "store/whole_file.hpp"

namespace jeton::cli {
namespace {

namespace fs = std::filesystem;

/// The key that signs after the next rotation is among those shown; the one after that is not made yet.
std::int64_t good_until(const Json& status) {
  const auto until = status.value("keys_rotate_at", std::int64_t{0}) + Keyring::rotation_us / us_per_s;
  const auto domain = status.value("domain", Json::object());
  return std::min(until, domain.value("certificate_ends_at", until));
}

Result<void> write(const fs::path& directory, const StaticFile& file) {
  const auto place = directory / file.path;
  std::error_code error;
  fs::create_directories(place.parent_path(), error);
  if (error)
    return refuse(Code::bad_request, fmt::format("cannot make {}: {}; name another directory with --out",
                                                 place.parent_path().string(), error.message()));
  auto written = replace_file(place, file.text);
  if (written) written = sync_directory(place.parent_path());
  if (!written) return refuse(Code::bad_request, written.error().message + "; name another directory with --out");
  return {};
}

/// The keys of federation tokens, each once.
Result<Json> pinned_keys(const Json& status) {
  const auto parties = status.value("federation", Json::array());
  if (parties.empty())
    return refuse(Code::bad_request, "no [[relying_party]] is configured, so there are no federation keys");
  std::map<std::string, Json> by_kid;
  for (const auto& party : parties) {
    if (!party.contains("jwk"))
      return refuse(Code::overloaded, "a federation key is still being made; try again in a second or so");
    by_kid.emplace(party.value("kid", ""), party.at("jwk"));
  }
  Json keys = Json::array();
  for (auto& [kid, jwk] : by_kid) keys.push_back(std::move(jwk));
  return Json{{"keys", std::move(keys)}};
}

/// What a daemon shows, once it is known to be the one that is meant.
struct Shown {
  Json status;
  Json jwks;
};
Result<Shown> shown_by(const Client& client, const std::string& issuer, bool federation) {
  if (client.issuer() != issuer)
    return refuse(Code::wrong_issuer,
                  fmt::format("the daemon's issuer is {}; name that one with --issuer", client.issuer()));
  auto status = client.status();
  if (!status) return refuse(status.error());
  if (!status->contains("keys_rotate_at"))
    return refuse(Code::wrong_role, "only an operator is told when keys rotate; ask as one");
  auto jwks = federation ? pinned_keys(*status) : client.jwks();
  if (!jwks) return refuse(jwks.error());
  return Shown{std::move(*status), std::move(*jwks)};
}

}  // namespace

int jwks_export(const Common& common, const JwksOptions& options) {
  const fs::path directory = options.directory;
  std::error_code ignored;
  if (fs::exists(directory / "jeton.db", ignored))
    return usage("--out is a state directory; name the root of a web server");
  const auto client = Client::connect(common.client());
  if (!client) return tell(common, client.error());
  const auto shown = shown_by(*client, options.issuer, options.federation);
  if (!shown) return tell(common, shown.error());
  const auto issuer = options.federation ? federation_issuer(options.issuer) : options.issuer;
  const auto files = static_documents(issuer, shown->jwks);
  if (!files) return tell(common, files.error());
  for (const auto& file : *files)
    if (auto written = write(directory, file); !written) return tell(common, written.error());

  const auto keys = shown->jwks.value("keys", Json::array()).size();
  // Federation keys last until somebody moves their files away.
  const bool for_good = options.federation;
  const std::int64_t until = for_good ? 0 : good_until(shown->status);
  if (common.json) {
    Json paths = Json::array();
    for (const auto& file : *files) paths.push_back(file.path);
    Json report{{"directory", directory.string()}, {"issuer", issuer}, {"keys", keys}, {"files", std::move(paths)}};
    if (!for_good) report["good_until"] = until;
    fmt::print("{}\n", json_for_terminal(report));
    return 0;
  }
  fmt::print("{} keys in {}, good until {}\n", keys, for_terminal(directory.string()),
             for_good ? "the federation key changes" : utc_time(until * us_per_s));
  if (!for_good) fmt::print(stderr, "jeton: hint: run it again before then, and whenever jetond was restarted\n");
  return 0;
}

}  // namespace jeton::cli
