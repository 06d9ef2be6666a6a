// Which files are trusted as configuration, what the examples say, and what --dev stands for.
#include "app/config.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "app/config_document.hpp"
#include "support/catch.hpp"
#include "support/places.hpp"

namespace {

using jeton::Caller;
using jeton::Code;
using jeton::config_keys;
using jeton::load_config;
using jeton::parse_config;
using jeton::Roles;

namespace fs = std::filesystem;

constexpr uid_t daemon_uid = 990;

std::string text_of(const fs::path& file) {
  std::ifstream in(file);
  REQUIRE(in);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

fs::path example(const std::string& name) { return fs::path(jeton::testing::source_dir) / "examples/config" / name; }

Caller uid(uid_t number) { return Caller{.uid = number, .gid = number, .socket = "/run/jeton/agent.sock"}; }

// A configuration on disk, gone with the test.
class ConfigFile {
 public:
  explicit ConfigFile(mode_t mode, const std::string& text = "trust_domain = \"acme.example\"\n") {
    std::string pattern = (fs::temp_directory_path() / "jeton-config-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    std::ofstream(path()) << text;
    REQUIRE(::chmod(path().c_str(), mode) == 0);
  }
  ~ConfigFile() { fs::remove_all(directory_); }
  ConfigFile(const ConfigFile&) = delete;
  ConfigFile& operator=(const ConfigFile&) = delete;
  [[nodiscard]] fs::path path() const { return directory_ / "jeton.toml"; }
  [[nodiscard]] fs::path directory() const { return directory_; }

 private:
  fs::path directory_;
};

/// Whether some table of `section` ("" is `table` itself) has the key.
bool is_set(const jeton::ConfigNode& table, std::string_view section, std::string_view key) {
  if (table.kind == jeton::ConfigNode::Kind::list)
    return std::any_of(table.children.begin(), table.children.end(),
                       [&](const jeton::ConfigNode& item) { return is_set(item, section, key); });
  if (section.empty()) return table.child(key) != nullptr;
  const auto dot = std::min(section.find('.'), section.size());
  const auto* inner = table.child(section.substr(0, dot));
  return inner != nullptr && is_set(*inner, section.substr(std::min(dot + 1, section.size())), key);
}

}  // namespace

TEST_CASE("a file that somebody else could have written is refused") {
  for (const mode_t mode : {0664, 0646, 0666}) {
    const ConfigFile file(mode);
    const auto config = load_config(file.path(), ::geteuid());
    REQUIRE_FALSE(config);
    CHECK(config.error().code == Code::bad_request);
    CHECK_THAT(config.error().message, Catch::Contains("chmod 0644"));
  }
  // given: a file of an account that is neither root nor the daemon's
  const ConfigFile file(0644);
  const uid_t owner = ::geteuid() == 0 ? 12345 : ::geteuid();
  REQUIRE(::chown(file.path().c_str(), owner, static_cast<gid_t>(-1)) == 0);
  const auto config = load_config(file.path(), owner + 1);
  REQUIRE_FALSE(config);
  CHECK_THAT(config.error().message, Catch::Contains("chown root"));
  CHECK(load_config(file.path(), owner));
}

TEST_CASE("a missing file says what to type") {
  const ConfigFile file(0644);
  const auto config = load_config(file.directory() / "other.toml", ::geteuid());
  REQUIRE_FALSE(config);
  CHECK(config.error().code == Code::bad_request);
  CHECK_THAT(config.error().message,
             Catch::Contains("jetond --dev") && Catch::Contains("examples/config/minimal.toml"));
}

TEST_CASE("what is no regular file or too large is refused at once") {
  const ConfigFile file(0644, std::string((1 << 20) + 1, '#'));
  CHECK_THAT(load_config(file.path(), ::geteuid()).error().message, Catch::Contains("larger than 1 MiB"));
  CHECK_THAT(load_config(file.directory(), ::geteuid()).error().message, Catch::Contains("not a regular file"));
  const auto fifo = file.directory() / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  CHECK_THAT(load_config(fifo, ::geteuid()).error().message, Catch::Contains("not a regular file"));
}

TEST_CASE("a mistake in a file is told with the path of the file") {
  const ConfigFile file(0600, "trust_domain = 5");
  const auto config = load_config(file.path(), ::geteuid());
  REQUIRE_FALSE(config);
  CHECK_THAT(config.error().message, Catch::StartsWith(file.path().string() + ":1: trust_domain: "));
}

TEST_CASE("dev grants its own account everything and nobody else anything") {
  const auto config = jeton::dev_config(1000);
  CHECK(config.dev);
  CHECK(config.trust_domain == "dev.local");
  CHECK(config.durability == jeton::Durability::full);
  CHECK(config.sha256 == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");

  const Roles roles(config.roles);
  CHECK_FALSE(roles.knows(uid(1001)));
  REQUIRE(roles.server_named("mcp:stdio:files") != nullptr);
  CHECK_FALSE(roles.may_act_for(*roles.server_named("mcp:stdio:files"), uid(1001)));
  CHECK(roles.names_of(uid(1000)) == std::vector<std::string>{"agent:dev", "server:*", "operator", "reviewer"});
  CHECK(roles.is_operator(uid(0)));
  CHECK(roles.agent_of(uid(1000))->spiffe_id == "spiffe://dev.local/agent/dev");

  const auto permit = jeton::Grants(config.grants).decide({"dev", "https://any.example/mcp", "anything"});
  REQUIRE(permit);
  CHECK(permit->grant == "dev");
  CHECK(permit->ttl_s == 30);
  CHECK(permit->max_attempts == 8);
  CHECK(permit->max_redemptions == 8);
  CHECK_FALSE(permit->rate_per_min);
}

TEST_CASE("the minimal example is a configuration") {
  const auto config = parse_config(text_of(example("minimal.toml")), "minimal.toml", daemon_uid);
  REQUIRE(config);
  CHECK(config->roles.agents[0].spiffe_id == "spiffe://acme.example/agent/billing");
  CHECK(jeton::Grants(config->grants).decide({"billing", "https://crm.example/mcp", "refund"}));
}

TEST_CASE("the full example names every key with its sentence and its default") {
  const auto text = text_of(example("full.toml"));
  const auto config = parse_config(text, "full.toml", daemon_uid);
  REQUIRE(config);
  CHECK(config->issuer == "https://jeton.acme.example");
  CHECK(config->socket == "/run/jeton/agent.sock");
  CHECK(config->grants[0].permit.rate_per_min == 60);

  const auto root = jeton::read_toml(text);
  REQUIRE(root);
  for (const auto& key : config_keys()) {
    CAPTURE(key.section, key.key);
    CHECK(is_set(*root, key.section, key.key));
    const auto unit = key.unit.empty() ? "" : " (" + std::string(key.unit) + ")";
    CHECK_THAT(text, Catch::Contains("# " + std::string(key.sentence) + unit + "\n"));
    if (!key.default_value.empty()) {
      CHECK_THAT(text, Catch::Contains("\n" + std::string(key.key) + " = " + std::string(key.default_value) + "\n"));
    }
  }
}

TEST_CASE("the configuration that the package shows is one and a selector in any of its rules is found") {
  const auto shown = parse_config(text_of(fs::path(jeton::testing::source_dir) / "sidecar/install/jeton.toml"),
                                  "jeton.toml", daemon_uid);
  REQUIRE(shown);
  CHECK(shown->grants.size() == 1);
  using Kind = jeton::Selector::Kind;
  CHECK(shown->has_selector(Kind::uid));
  CHECK_FALSE(shown->has_selector(Kind::path));
  const auto reviewer = parse_config(
      "trust_domain = \"a.example\"\n[[reviewer]]\nmatch = [\"unix:uid:1\", \"unix:path:/bin/x\"]\n", "x", daemon_uid);
  REQUIRE(reviewer);
  CHECK(reviewer->has_selector(Kind::path));
  CHECK_FALSE(reviewer->has_selector(Kind::sha256));
}
