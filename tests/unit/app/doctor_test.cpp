// What a doctor finds, each thing on its own, and that a sound installation is told so.
#include "app/doctor.hpp"

#include <algorithm>
#include <fstream>

#include "support/catch.hpp"
#include "support/signed_log.hpp"
#include "support/temp_dir.hpp"

namespace {

using jeton::Diagnoses;
using jeton::Diagnosis;
using jeton::examine_state;
using jeton::examine_status;
using jeton::Urgency;
using Json = jeton::Json;
namespace fs = std::filesystem;

constexpr uid_t daemon_uid = 990;

Diagnoses of_config(const std::string& more) {
  const auto config = jeton::parse_config("trust_domain = \"acme.example\"\ncheckpoint_places = [\"syslog\"]\n" + more,
                                          "jeton.toml", daemon_uid);
  REQUIRE(config);
  return examine_config(*config, daemon_uid);
}

/// The severities of the findings that speak of `what`.
std::vector<Urgency> about(const Diagnoses& found, const std::string& what) {
  std::vector<Urgency> severities;
  for (const auto& finding : found) {
    CHECK_FALSE(finding.why.empty());
    CHECK_FALSE(finding.to_type.empty());
    if (finding.what.find(what) != finding.what.npos) severities.push_back(finding.urgency);
  }
  return severities;
}

using One = std::vector<Urgency>;

std::string agent(const std::string& name, const std::string& match) {
  return "[[agent]]\nname = \"" + name + "\"\nmatch = [" + match + "]\n";
}
std::string server(const std::string& url, const std::string& match = "") {
  return "[[server]]\nurl = \"" + url + "\"\n" + (match.empty() ? "" : "match = [" + match + "]\n");
}
std::string grant(const std::string& agent, const std::string& server, const std::string& tool) {
  return "[[grant]]\nname = \"" + agent + "-" + std::to_string(server.size()) + "\"\nagent = \"" + agent +
         "\"\nserver = \"" + server + "\"\ntools = [\"" + tool + "\"]\n";
}

constexpr const char* crm = "https://crm.example/mcp";

Json sound_status() {
  return {{"version", "1"},
          {"dev", false},
          {"memory_locked", true},
          {"events_in_memory_only", 0},
          {"checkpoint_places", {"/var/lib/jeton/checkpoint", "syslog"}},
          {"offline_servers", Json::array()},
          {"disabled_agents", Json::array()}};
}

}  // namespace

TEST_CASE("a sound configuration has no findings") {
  CHECK(of_config(agent("billing", R"("unix:uid:1001")") + server(crm, R"("unix:uid:1002")") +
                  grant("billing", crm, "refund"))
            .empty());
}

TEST_CASE("an agent under the daemon's account or root is a warning") {
  const auto servers = server(crm, R"("unix:uid:1002")") + grant("a", crm, "t");
  CHECK(about(of_config(agent("a", R"("unix:uid:990")") + servers), "jetond's account") == One{Urgency::warning});
  CHECK(about(of_config(agent("a", R"("unix:uid:0")") + servers), "jetond's account") == One{Urgency::warning});
  CHECK(about(of_config(agent("a", R"("unix:uid:991")") + servers), "jetond's account").empty());
}

TEST_CASE("an agent that an earlier one always stands before is an error") {
  const auto narrow = agent("narrow", R"("unix:uid:1001", "unix:path:/usr/bin/a")");
  const auto wide = agent("wide", R"("unix:uid:1001")");
  CHECK(about(of_config(wide + narrow), "narrow is never anybody: wide") == One{Urgency::error});
  CHECK(about(of_config(narrow + wide), "is never anybody").empty());
}

TEST_CASE("an agent that is a tool server as well is a warning") {
  const auto found = of_config(agent("both", R"("unix:uid:1001")") + server(crm, R"("unix:uid:1001")"));
  CHECK(about(found, "also the tool server") == One{Urgency::warning});
}

TEST_CASE("a server that anybody may redeem for is a warning unless it is its agent's child") {
  CHECK(about(of_config(server(crm)), "anybody on this machine") == One{Urgency::warning});
  CHECK(about(of_config(server("mcp:stdio:files")), "anybody on this machine").empty());
}

TEST_CASE("grants of everything and entries without a grant are notes") {
  const auto everything =
      agent("a", R"("unix:uid:1001")") + server("mcp:stdio:files") + grant("a", "mcp:stdio:files", "*");
  CHECK(about(of_config(everything), "every tool") == One{Urgency::note});
  const auto idle = of_config(agent("a", R"("unix:uid:1001")") + server("mcp:stdio:files"));
  CHECK(about(idle, "agent a has no grant") == One{Urgency::note});
  CHECK(about(idle, "no grant names mcp:stdio:files") == One{Urgency::note});
}

TEST_CASE("weaker durability and checkpoints in one place are warnings") {
  const auto config = jeton::parse_config("trust_domain = \"a.example\"\ndurability = \"normal\"\n", "f", daemon_uid);
  REQUIRE(config);
  const auto found = examine_config(*config, daemon_uid);
  CHECK(about(found, "checkpoints are kept nowhere") == One{Urgency::warning});
  CHECK(about(found, "durability is normal") == One{Urgency::warning});
}

TEST_CASE("a state directory is looked at file by file and left as it is") {
  const jeton::testing::SignedLog log(1);
  const auto& state = log.dir.path();
  fs::permissions(state, fs::perms::owner_all);
  fs::permissions(state / "jeton.db", fs::perms::owner_read | fs::perms::owner_write);
  CHECK(examine_state(state, 0).empty());

  fs::permissions(state / "jeton.db", fs::perms::owner_all | fs::perms::others_read);
  fs::permissions(state, fs::perms::owner_all | fs::perms::others_write);
  const auto found = examine_state(state, 0);
  CHECK(about(found, "jeton.db has mode 0704") == One{Urgency::error});
  CHECK(about(found, state.string() + " has mode 0702") == One{Urgency::error});
  CHECK((fs::status(state).permissions() & fs::perms::others_write) != fs::perms::none);
}

TEST_CASE("events that are older than they should be and a log near its quota are found") {
  const jeton::testing::SignedLog log(3, 100);  // of September 2026
  {
    const auto store = log.open();
    REQUIRE(store->transact([&] {
      for (int seed = 1000; seed < 1300; ++seed) {
        auto event = jeton::testing::SignedLog::unlike_event(seed);
        event.time_us = jeton::SystemClock().wall_us() - std::int64_t{seed % 2 == 0 ? 3 : 1} * 86'400 * jeton::us_per_s;
        store->append(event);
      }
    }));
  }
  const auto days_of_first = (jeton::SystemClock().wall_us() - 1'790'000'000'000'000) / (86'400 * jeton::us_per_s);
  const auto found = examine_state(log.dir.path(), 0, days_of_first - 1);
  CHECK(about(found, "older than") == One{Urgency::warning});
  CHECK(std::any_of(found.begin(), found.end(),
                    [](const Diagnosis& f) { return f.to_type == "jeton log archive --to DIR"; }));
  CHECK(about(examine_state(log.dir.path(), 0, days_of_first + 2), "older than").empty());
  CHECK(about(examine_state(log.dir.path(), 0), "older than").empty());

  auto status = sound_status();
  status["log_bytes_max"] = 100 << 20;
  status["reserve_bytes"] = 64 << 20;
  status["log"]["room_bytes"] = 80 << 20;
  CHECK(examine_status(status, "1").empty());
  status["log"]["room_bytes"] = 3 << 20;
  CHECK(about(examine_status(status, "1"), "3 MiB are left of the log's 100 MiB") == One{Urgency::error});
}

TEST_CASE("a log that cannot be opened, one that is not there and a full disk are found") {
  const jeton::testing::TempDir dir;
  CHECK(about(examine_state(dir / "nowhere", 0), "is not there") == One{Urgency::error});
  CHECK(about(examine_state(dir.path(), 0), "there is no log yet") == One{Urgency::note});
  CHECK(about(examine_state(dir.path(), INT64_MAX), "are free on the log's disk") == One{Urgency::error});
  std::ofstream(dir / "jeton.db") << "no database at all, but long enough to be taken for the beginning of one";
  const auto found = examine_state(dir.path(), 0);
  CHECK(std::any_of(found.begin(), found.end(),
                    [](const Diagnosis& f) { return f.to_type.find("log verify") != f.to_type.npos; }));
}

TEST_CASE("what a daemon says of itself becomes findings") {
  CHECK(examine_status(sound_status(), "1").empty());
  const auto with = [](const char* name, Json value) {
    auto status = sound_status();
    status[name] = std::move(value);
    return examine_status(status, "1");
  };
  CHECK(about(with("version", "0"), "this is jeton 1") == One{Urgency::warning});
  CHECK(about(with("dev", true), "--dev") == One{Urgency::warning});
  CHECK(about(with("memory_locked", false), "not locked") == One{Urgency::warning});
  CHECK(about(with("memory_not_locked", {"RS256: the primes"}), "are not locked") == One{Urgency::note});
  CHECK(about(with("seccomp", false), "system calls") == One{Urgency::warning});
  CHECK(about(with("landlock", "off (this kernel offers none)"), "this kernel offers none") == One{Urgency::note});
  CHECK(about(with("events_in_memory_only", 2), "wait for the log") == One{Urgency::error});
  CHECK(about(with("checkpoint_places", {"/mnt/a (failing: Read-only file system)"}), "not shown") ==
        One{Urgency::error});
  CHECK(about(with("offline_servers", {"https://a.example/"}), "verified offline") == One{Urgency::note});
  CHECK(about(with("disabled_agents", {"spiffe://a/agent/b"}), "disabled") == One{Urgency::note});
}

TEST_CASE("a domain certificate is a finding that says until when") {
  constexpr std::int64_t now = 1'790'000'000, day = 86'400;
  const auto with = [&](Json domain) { return jeton::examine_domain({{"domain", std::move(domain)}}, now); };
  CHECK(about(with({{"daemon", "d"}}), "no domain certificate") == One{Urgency::note});
  CHECK(about(with({{"daemon", "d"}, {"root", "k"}, {"certificate_ends_at", now + 15 * day}}),
              "good until 2026-10-06") == One{Urgency::note});
  CHECK(about(with({{"daemon", "d"}, {"root", "k"}, {"certificate_ends_at", now + 13 * day}}), "ends on 2026-10-04") ==
        One{Urgency::warning});
  CHECK(about(with({{"daemon", "d"}, {"fault", "the certificate has ended; have it signed"}}), "has ended") ==
        One{Urgency::error});
  CHECK(with({{"daemon", "d"}, {"certificate_ends_at", INT64_MAX}}).size() == 1);
  CHECK(jeton::examine_domain(Json::object(), now).empty());
}

TEST_CASE("what a stranger may not ask a daemon is no finding") {
  CHECK(examine_status({{"version", "1"}, {"dev", false}}, "1").empty());
}
