// Arguments that a grant records: sealed in the file of the log, opened with the reviewer's key, deleted without a
// trace in the tree.
#include <atomic>
#include <thread>

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/core.h>
#include <unistd.h>

#include "store/sealed_arguments.hpp"
#include "support/catch.hpp"
#include "support/daemon.hpp"
#include "support/ledger.hpp"
#include "support/other_process.hpp"
#include "support/skipped.hpp"

namespace jeton::outside {
namespace {

const std::string secret_value = "sort code 55-11-22";

Json call_with(const Json& arguments) { return {{"server", "mcp:stdio:x"}, {"tool", "pay"}, {"arguments", arguments}}; }

/// A daemon whose grant records, and a reviewer with a key.
class Recording {
 public:
  Recording() : daemon_({.config = config(made_key("key"))}) {}

  std::string mint(const Json& arguments) {
    const auto answer = daemon_.client().post("/v1/calls", call_with(arguments));
    REQUIRE(answer);
    return answer->at("txn").get<std::string>();
  }
  /// `jeton log WORDS --state STATE`
  Ran log(std::vector<std::string> words) const {
    words.insert(words.begin(), {program("jeton"), "log"});
    words.insert(words.end(), {"--state", daemon_.state().string()});
    return run({.command = std::move(words)});
  }
  Ran args(const std::string& txn, const std::string& key = "key") const {
    return log({"args", "--key", file(key), txn});
  }
  /// Makes a key; its public half.
  std::string made_key(const std::string& name) const {
    const auto made = run({.command = {program("jeton"), "log", "args", "--make-key", file(name)}});
    REQUIRE(made.status == 0);
    return made.out.substr(0, made.out.find('\n'));
  }
  std::string file(const std::string& name) const { return (home_.path() / name).string(); }
  Daemon& daemon() { return daemon_; }
  Ledger ledger() const { return Ledger(daemon_.state()); }

 private:
  static std::string config(const std::string& key) {
    return fmt::format(
        "trust_domain = \"acme.example\"\nreviewer_key = \"{}\"\n"
        "[[agent]]\nname = \"self\"\nmatch = [\"unix:uid:{}\"]\n[[server]]\nurl = \"mcp:stdio:x\"\n"
        "[[grant]]\nname = \"recorded\"\nagent = \"self\"\nserver = \"mcp:stdio:x\"\ntools = [\"*\"]\n"
        "record_arguments = true\n",
        key, ::geteuid());
  }

  TempDir home_;
  Daemon daemon_;
};

std::string all_bytes_of(const std::filesystem::path& dir) {
  std::string all;
  for (const auto& entry : std::filesystem::directory_iterator(dir))
    if (entry.is_regular_file()) all += read_file(entry.path());
  return all;
}

}  // namespace

TEST_CASE("recorded arguments are nowhere in the clear and the reviewer's key alone opens them") {
  Recording company;
  const auto txn = company.mint({{"to", secret_value}, {"amount", 40.0}});

  // then: the reviewer reads what was asked for, and nobody finds it in a file
  const auto shown = company.args(txn);
  CHECK(shown.status == 0);
  CHECK(shown.out == "{\"amount\":40,\"to\":\"" + secret_value + "\"}\n");
  const auto bytes = all_bytes_of(company.daemon().state());
  CHECK((bytes.find(txn) != bytes.npos));
  CHECK((bytes.find(secret_value) == bytes.npos));
  CHECK((bytes.find("sort code") == bytes.npos));

  // and: another reviewer's key opens nothing
  company.made_key("other");
  const auto refused = company.args(txn, "other");
  CHECK(refused.status == 4);
  CHECK(refused.out == "");
  CHECK_THAT(refused.err, Catch::Contains("sealed to another key"));

  // and: a digest alone is no way around it
  auto digest_alone = call_with(Json::object());
  digest_alone.erase("arguments");
  digest_alone["args_digest"] = "KhyfXVcrcBPjAPJRzSMuJ9rkP06hL-5hb3wd9aTxyUI";
  const auto without = company.daemon().client().post("/v1/calls", digest_alone);
  REQUIRE_FALSE(without);
  CHECK(without.error().code == Code::bad_arguments);
}

TEST_CASE("recorded arguments are deleted beside a running daemon and the log verifies as before") {
  Recording company;
  const auto one = company.mint({{"n", 1}}), two = company.mint({{"n", 2}}), three = company.mint({{"n", 3}});

  // when: one call's are deleted, twice
  CHECK(company.log({"args", "--delete", one}).out == "arguments of 1 calls deleted\n");
  CHECK(company.log({"args", "--delete", one}).out == "arguments of 0 calls deleted\n");

  // then: they are gone, the others are not, and the log says so and is whole
  const auto gone = company.args(one);
  CHECK(gone.status == 4);
  CHECK_THAT(gone.err, Catch::Contains("have been deleted"));
  CHECK(company.args(two).out == "{\"n\":2}\n");
  CHECK(company.log({"verify"}).status == 0);

  // and: by age; what is younger stays
  CHECK(company.log({"args", "--delete", "--older-than", "1d"}).out == "arguments of 0 calls deleted\n");
  CHECK(company.log({"args", "--delete", "--older-than", "0s"}).out == "arguments of 2 calls deleted\n");
  CHECK(company.args(three).status == 4);
  company.mint({{"n", 4}});
  CHECK(company.log({"verify"}).status == 0);
  CHECK(company.ledger().one("SELECT count(*) FROM sealed") == "1");
}

TEST_CASE("another account deletes no recorded arguments whatever it can see of the state directory") {
  if (!is_root()) return skipped("only root can become other accounts");
  Recording company;
  const auto txn = company.mint({{"n", 1}});
  const auto& state = company.daemon().state();
  const auto tried = [&] {
    return in_child_as(nobody, [&](pid_t) {
      const auto deleted = delete_sealed(state / "jeton.db", *Txn::parse(txn));
      const auto old = delete_sealed_before(state / "jeton.db", INT64_MAX);
      return deleted || old ? "deleted"
                            : std::string(name_of(deleted.error().code)) + " " + std::string(name_of(old.error().code));
    });
  };
  CHECK(tried() == "log_unavailable log_unavailable");
  // Not even where the directory was opened by mistake, and the files as well.
  std::filesystem::permissions(state, std::filesystem::perms(0755));
  CHECK(tried() == "wrong_role wrong_role");
  for (const auto& file : std::filesystem::directory_iterator(state))
    std::filesystem::permissions(file.path(), std::filesystem::perms(0644));
  CHECK(tried() == "wrong_role wrong_role");

  CHECK(company.args(txn).out == "{\"n\":1}\n");
  CHECK(company.ledger().one("SELECT count(*) FROM sealed") == "1");
}

TEST_CASE("arguments that were exchanged for another call's are refused") {
  Recording company;
  const auto one = company.mint({{"n", 1}}), two = company.mint({{"n", 2}});
  REQUIRE(company.daemon().stop() == 0);
  SQLite::Database db((company.daemon().state() / "jeton.db").string(), SQLite::OPEN_READWRITE, 1000);
  db.exec("UPDATE sealed SET bytes = (SELECT bytes FROM sealed ORDER BY log_index LIMIT 1)");
  CHECK(company.args(one).out == "{\"n\":1}\n");
  const auto refused = company.args(two);
  CHECK(refused.status == 4);
  CHECK(refused.out == "");
  CHECK_THAT(refused.err, Catch::Contains("args_mismatch"));
}

TEST_CASE("across kill -9 no event is without what was sealed beside it") {
  Recording company;
  const std::string torn =
      "SELECT count(*) FROM event e LEFT JOIN sealed s ON s.log_index = e.log_index "
      "WHERE (e.sealed_sha256 IS NULL) <> (s.bytes IS NULL)";
  for (int round = 0; round < 3; ++round) {
    std::atomic<int> minted = 0;
    std::thread agent([&] {
      const auto client = company.daemon().client();
      while (client.post("/v1/calls", call_with({{"n", std::string(3'000, 'n')}}))) ++minted;
    });
    CHECK(eventually([&] { return minted > 10; }, std::chrono::seconds(30)));
    company.daemon().kill9();
    agent.join();
    company.daemon().restart();
    CHECK(company.ledger().one(torn) == "0");
    CHECK(std::stol(company.ledger().one("SELECT count(*) FROM sealed")) >= minted);
  }
}

}  // namespace jeton::outside
