// Do the example tools stay beneath their root and behind their authorizer?
#include <filesystem>
#include <fstream>
#include <memory>

#include <sys/stat.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "tool_server/files.hpp"
#include "tool_server/sql.hpp"

using example::Json;
using example::ToolOutput;
namespace fs = std::filesystem;

namespace {

/// A directory with a root in it, a secret beside it, and a small database.
class Place {
 public:
  Place() {
    std::string name = (fs::temp_directory_path() / "jeton-tools-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    base_ = name;
    fs::create_directories(base_ / "root/sub");
    write("secret.txt", "secret");
    write("root/notes.txt", "hello");
    write("root/sub/more.txt", "more");
  }
  ~Place() {
    std::error_code ignored;
    fs::remove_all(base_, ignored);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  void write(const std::string& path, const std::string& text) const {
    std::ofstream(base_ / path, std::ios::binary) << text;
  }
  [[nodiscard]] fs::path operator/(const std::string& path) const { return base_ / path; }

  [[nodiscard]] ToolOutput read(const std::string& path) const {
    return example::FileRoot::open(base_ / "root")->read_file({{"path", path}});
  }
  [[nodiscard]] ToolOutput list(const std::string& path) const {
    return example::FileRoot::open(base_ / "root")->list_directory({{"path", path}});
  }

 private:
  fs::path base_;
};

class Shop {
 public:
  Shop() {
    place_.write("shop.sql",
                 "CREATE TABLE item(id INTEGER PRIMARY KEY, title TEXT, data BLOB);"
                 "INSERT INTO item VALUES (1, 'Teapot', x'00ff'), (2, 'Cup', NULL);");
    REQUIRE(example::seed_database(file(), place_ / "shop.sql").empty());
    database_ = std::make_unique<example::ReadOnlyDatabase>(*example::ReadOnlyDatabase::open(file()));
  }
  [[nodiscard]] ToolOutput ask(const std::string& sql) const { return database_->query({{"sql", sql}}); }
  [[nodiscard]] fs::path file() const { return place_ / "shop.db"; }

 private:
  Place place_;
  std::unique_ptr<example::ReadOnlyDatabase> database_;
};

void check_refused(const ToolOutput& output) {
  CHECK(output.failed);
  CHECK(output.text.find("secret") == std::string::npos);
}

}  // namespace

TEST_CASE("a path that leads out of the root is refused") {
  const Place place;
  check_refused(place.read("../secret.txt"));
  check_refused(place.read("sub/../../secret.txt"));
  check_refused(place.read((place / "root/notes.txt").string()));
  check_refused(place.read("/etc/hostname"));
  check_refused(place.read(""));
  check_refused(place.read(std::string("notes.txt\0/../../secret.txt", 27)));
  check_refused(place.list(".."));
  check_refused(place.list("/"));
}

TEST_CASE("a symbolic link that leads out of the root is refused") {
  const Place place;
  fs::create_symlink("../secret.txt", place / "root/relative");
  fs::create_symlink(place / "secret.txt", place / "root/absolute");
  fs::create_directory_symlink("..", place / "root/up");
  fs::create_symlink("self", place / "root/self");
  fs::create_symlink("/proc/self/root", place / "root/magic");
  check_refused(place.read("relative"));
  check_refused(place.read("absolute"));
  check_refused(place.read("up/secret.txt"));
  check_refused(place.read("self"));
  check_refused(place.read("magic/etc/hostname"));
  check_refused(place.list("up"));
}

TEST_CASE("only regular files are read and a fifo does not hold the server") {
  const Place place;
  REQUIRE(::mkfifo((place / "root/fifo").c_str(), 0600) == 0);
  CHECK(place.read("fifo").text == "not a regular file");
  CHECK(place.read("sub").text == "not a regular file");
  CHECK(place.list("notes.txt").failed);
}

TEST_CASE("files that are large or no text are refused") {
  const Place place;
  place.write("root/large", std::string(example::file_bytes_max + 1, 'x'));
  place.write("root/full", std::string(example::file_bytes_max, 'x'));
  place.write("root/binary", "\xff\xfe");
  CHECK(place.read("large").failed);
  CHECK_FALSE(place.read("full").failed);
  CHECK(place.read("binary").text == "not UTF-8 text");
}

TEST_CASE("file arguments of another shape are refused") {
  const Place place;
  const auto root = example::FileRoot::open(place / "root");
  REQUIRE(root);
  for (const char* arguments : {R"({})", R"({"path":7})", R"([])", R"({"path":"notes.txt","mode":"w"})",
                                R"({"path":"notes.txt","max_bytes":0})", R"({"path":"notes.txt","max_bytes":"9"})",
                                R"({"path":"notes.txt","max_bytes":1e9})", R"({"path":"notes.txt","max_bytes":2})"}) {
    INFO(arguments);
    CHECK(root->read_file(Json::parse(arguments)).failed);
  }
}

TEST_CASE("files and directories beneath the root are shown") {
  const Place place;
  fs::create_symlink("sub/more.txt", place / "root/inside");
  CHECK(place.read("notes.txt").text == "hello");
  CHECK(place.read("sub/../notes.txt").text == "hello");
  CHECK(place.read("inside").text == "more");
  CHECK(place.list(".").text == "inside\nnotes.txt\nsub/");
  CHECK_FALSE(example::FileRoot::open(place / "nowhere"));
}

TEST_CASE("sql that is more than a select is refused") {
  const Shop shop;
  for (const char* sql : {"INSERT INTO item VALUES (3, 'x', NULL)",
                          "UPDATE item SET title = 'x'",
                          "DELETE FROM item",
                          "DROP TABLE item",
                          "CREATE TEMP TABLE t(a)",
                          "ATTACH '/tmp/x.db' AS x",
                          "ATTACH ':memory:' AS x",
                          "DETACH main",
                          "PRAGMA table_info(item)",
                          "PRAGMA writable_schema = 1",
                          "SELECT * FROM pragma_database_list",
                          "VACUUM INTO '/tmp/x.db'",
                          "BEGIN",
                          "SAVEPOINT a",
                          "REINDEX",
                          "ANALYZE",
                          "EXPLAIN DELETE FROM item",
                          "SELECT load_extension('/tmp/x.so')",
                          "SELECT LOAD_EXTENSION('/tmp/x.so')",
                          "SELECT sqlite_version()",
                          "SELECT randomblob(10)",
                          "SELECT zeroblob(1000000000)",
                          "SELECT readfile('/etc/hostname')",
                          "SELECT fts3_tokenizer('simple')",
                          "SELECT 1; DROP TABLE item",
                          "",
                          " ; ",
                          "SELECT * FROM nowhere",
                          "this is no sql"}) {
    INFO(sql);
    CHECK(shop.ask(sql).failed);
  }
  CHECK(shop.ask("SELECT count(*) AS n FROM item").text == R"({"columns":["n"],"rows":[[2]],"truncated":false})");
}

TEST_CASE("a query without an end is stopped") {
  const Shop shop;
  const std::string counting = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) ";
  const auto endless = shop.ask(counting + "SELECT count(*) FROM n");
  CHECK(endless.failed);
  CHECK(endless.text.starts_with("stopped: "));
  const auto rows = shop.ask(counting + "SELECT i FROM n");
  CHECK_FALSE(rows.failed);
  CHECK(Json::parse(rows.text)["rows"].size() == example::sql_rows_max);
  CHECK(Json::parse(rows.text)["truncated"] == true);
}

TEST_CASE("a query that needs too much memory is stopped") {
  const Shop shop;
  CHECK(shop.ask("SELECT replace(printf('%.1000000c', 'x'), 'x', 'xxxxxxxxxxxxxxxx')").failed);
  const std::string million = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000000) ";
  CHECK(shop.ask(million + "SELECT group_concat(i) FROM n").failed);
}

TEST_CASE("sql arguments of another shape are refused") {
  const Place place;
  place.write("s.sql", "CREATE TABLE t(a);");
  REQUIRE(example::seed_database(place / "s.db", place / "s.sql").empty());
  const auto database = example::ReadOnlyDatabase::open(place / "s.db");
  REQUIRE(database);
  for (const char* arguments : {R"({})", R"({"sql":1})", R"([])", R"({"sql":"SELECT 1","more":1})"}) {
    INFO(arguments);
    CHECK(database->query(Json::parse(arguments)).failed);
  }
}

TEST_CASE("a select answers with columns and rows") {
  const Shop shop;
  const auto output = shop.ask("SELECT id, upper(title) AS title, data, 0.5 AS half FROM item ORDER BY id;");
  REQUIRE_FALSE(output.failed);
  CHECK(Json::parse(output.text) == Json::parse(R"({"columns":["id","title","data","half"],
                        "rows":[[1,"TEAPOT","[blob of 2 bytes]",0.5],[2,"CUP",null,0.5]],"truncated":false})"));
}

TEST_CASE("a database is seeded once and a bad script leaves none behind") {
  const Place place;
  place.write("bad.sql", "CREATE TABLE t(a); nonsense;");
  CHECK_FALSE(example::seed_database(place / "bad.db", place / "bad.sql").empty());
  CHECK_FALSE(fs::exists(place / "bad.db"));
  CHECK_FALSE(example::seed_database(place / "no.db", place / "nowhere.sql").empty());
  CHECK_FALSE(example::ReadOnlyDatabase::open(place / "no.db"));
  place.write("good.sql", "CREATE TABLE t(a);");
  CHECK(example::seed_database(place / "good.db", place / "good.sql").empty());
  CHECK(example::seed_database(place / "good.db", place / "nowhere.sql").empty());
}
