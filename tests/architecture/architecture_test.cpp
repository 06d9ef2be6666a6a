// Who may include whom: only a checked rule holds.
#include <algorithm>
#include <map>
#include <set>

#include "architecture/source_tree.hpp"
#include "support/catch.hpp"
#include "support/places.hpp"

namespace jeton::test {
namespace {

/// The floors of the sidecar, from the top. No include leads up; rooms of one floor may see one another.
const std::map<std::string, int> floors{
    {"main", 0}, {"cli", 1},     {"app", 2}, {"http", 3},  {"exchange", 4}, {"policy", 5},   {"identity", 5},
    {"log", 5},  {"readers", 5}, {"ops", 5}, {"store", 6}, {"attest", 6},   {"outbound", 6}, {"sdk", 7}};

/// One third-party header, one door.
struct Door {
  std::string header;
  std::set<std::string> files;
};
const std::vector<Door> doors{
    {"boost/",
     {"sidecar/http/server.cpp", "sidecar/http/session.hpp", "sidecar/http/wire.hpp", "sidecar/http/wire.cpp",
      "sidecar/http/request_reader.cpp", "sdk/src/client/http_codec.cpp", "sdk/src/core/json.cpp",
      "sdk/src/core/json_library.cpp"}},
    {"nlohmann/", {"sdk/include/jeton/json.hpp"}},
    {"CLI/", {"sidecar/cli/command_line.hpp"}},
    {"toml++/", {"sidecar/app/config_document.cpp"}},
    {"re2/", {"sidecar/policy/argument_rule.cpp"}},
    {"openssl/",
     {"sdk/src/core/hash.cpp", "sdk/src/core/openssl_key.cpp", "sidecar/http/tls.cpp",
      "sidecar/http/tls_certificate.hpp", "sidecar/http/tls_certificate.cpp"}},
    {"openssl/ssl.h", {"sidecar/http/tls.cpp"}},
    {"seccomp.h", {"sidecar/app/confine.cpp"}},
    {"curl/", {"sidecar/outbound/curl_library.hpp"}},
};

/// Rooms that may see a library at all.
struct RoomRule {
  std::string header;
  std::set<std::string> folders;
};
const std::vector<RoomRule> room_rules{
    {"SQLiteCpp/", {"sidecar/store", "sdk/src/offline"}},
    {"sqlite3.h", {"sidecar/store", "sdk/src/offline"}},
    {"sodium", {"sdk/src/core", "sidecar/attest"}},
    {"tl/expected.hpp", {"sdk/include", "sidecar/attest", "sidecar/app"}},
};

std::string room_of_include(const std::string& include) {
  const auto slash = include.find('/');
  if (slash == include.npos) return "";
  const auto first = include.substr(0, slash);
  if (first == "jeton" || first == "core" || first == "client" || first == "verifier" || first == "offline")
    return "sdk";
  return floors.count(first) != 0 ? first : "";
}

std::vector<std::string> arrows_up(const std::vector<SourceFile>& files) {
  std::vector<std::string> wrong;
  for (const auto& file : files) {
    const auto from = room_of(file.path);
    for (const auto& include : file.includes) {
      const auto to = room_of_include(include);
      if (!to.empty() && floors.at(to) < floors.at(from)) wrong.push_back(file.path + " includes " + include);
    }
  }
  return wrong;
}

/// Inside `co_await` only names and calls: g++ 12.2 destroys some temporaries twice there. From the word to its
/// semicolon neither a brace nor a lambda.
std::vector<std::string> braces_in_co_await(const SourceFile& file) {
  std::vector<std::string> wrong;
  for (auto at = file.code.find("co_await"); at != std::string::npos; at = file.code.find("co_await", at + 1)) {
    const auto end = file.code.find(';', at);
    const auto expression = file.code.substr(at, end - at);
    if (expression.find_first_of("{[") != std::string::npos) {
      const auto line = std::count(file.code.begin(), file.code.begin() + static_cast<std::ptrdiff_t>(at), '\n') + 1;
      wrong.push_back(file.path + ":" + std::to_string(line));
    }
  }
  return wrong;
}

}  // namespace

TEST_CASE("no include leads up a floor", "[architecture]") {
  CHECK(arrows_up(source_files({"sidecar"})) == std::vector<std::string>{});
}

TEST_CASE("the check of floors finds an include that leads up", "[architecture]") {
  const auto wrong = source_of("sidecar/store/x.cpp", "// x\n#include \"exchange/exchange.hpp\"\n");
  CHECK(arrows_up({wrong}).size() == 1);
}

TEST_CASE("the sdk knows nothing of the sidecar and its core does no io", "[architecture]") {
  const std::set<std::string> io{"fcntl.h", "unistd.h",   "sys/socket.h", "sys/stat.h",
                                 "fstream", "filesystem", "thread"};
  for (const auto& file : source_files({"sdk"})) {
    for (const auto& include : file.includes) {
      INFO(file.path << " includes " << include);
      const auto room = room_of_include(include);
      CHECK((room.empty() || room == "sdk"));
      if (file.path.starts_with("sdk/src/core/")) CHECK(io.count(include) == 0);
    }
  }
}

TEST_CASE("core does not include client or verifier and client does not include verifier and none includes offline",
          "[architecture]") {
  for (const auto& file : source_files({"sdk/src"}))
    for (const auto& include : file.includes) {
      INFO(file.path << " includes " << include);
      const bool core = file.path.starts_with("sdk/src/core/");
      const bool client = file.path.starts_with("sdk/src/client/");
      if (core)
        CHECK_FALSE(
            (include.starts_with("client/") || include == "jeton/client.hpp" || include == "jeton/call_scope.hpp"));
      if (core || client) CHECK_FALSE((include.starts_with("verifier/") || include == "jeton/verifier.hpp"));
      if (!file.path.starts_with("sdk/src/offline/"))
        CHECK_FALSE((include.starts_with("offline/") || include == "jeton/offline_verifier.hpp" ||
                     include == "jeton/replay_store.hpp"));
    }
}

TEST_CASE("only app names the adapters", "[architecture]") {
  for (const auto& file : source_files({"sidecar"})) {
    const auto room = room_of(file.path);
    for (const auto& include : file.includes) {
      INFO(file.path << " includes " << include);
      if (include == "outbound/curl_fetch.hpp" || include == "identity/trusted_clients.hpp")
        CHECK((room == "app" || room == "outbound" || room == "identity"));
      if (include == "policy/grants.hpp") CHECK((room == "app" || room == "policy"));
      if (include == "store/sqlite_store.hpp") CHECK((room == "app" || room == "store" || room == "cli"));
    }
  }
}

TEST_CASE("one third party header has one door", "[architecture]") {
  for (const auto& file : source_files({"sdk", "sidecar", "bindings/c"}))
    for (const auto& include : file.includes) {
      INFO(file.path << " includes " << include);
      for (const auto& door : doors)
        if (include.starts_with(door.header)) CHECK(door.files.count(file.path) == 1);
      for (const auto& rule : room_rules)
        if (include.starts_with(rule.header))
          CHECK(std::any_of(rule.folders.begin(), rule.folders.end(),
                            [&](const std::string& f) { return file.path.starts_with(f + "/"); }));
    }
}

TEST_CASE("examples see only the public headers of the sdk", "[architecture]") {
  for (const auto& file : source_files({"examples"}))
    for (const auto& include : file.includes) {
      INFO(file.path << " includes " << include);
      CHECK_FALSE((floors.count(include.substr(0, include.find('/'))) != 0));
      CHECK_FALSE((include.starts_with("core/") || include.starts_with("client/") || include.starts_with("verifier/") ||
                   include.starts_with("offline/")));
    }
}

TEST_CASE("bindings see only the public headers of the sdk and no library of others", "[architecture]") {
  const std::set<std::string> own{"jeton.h", "boundary.hpp", "report.hpp"};
  const auto files = source_files({"bindings/c"});
  CHECK(files.size() > own.size());
  for (const auto& file : files)
    for (const auto& include : file.includes) {
      INFO(file.path << " includes " << include);
      const bool standard =
          include.find_first_of("/.") == include.npos || include == "stddef.h" || include == "stdint.h";
      CHECK((standard || own.count(include) == 1 || include.starts_with("jeton/")));
      CHECK_FALSE((include == "jeton/offline_verifier.hpp" || include == "jeton/replay_store.hpp"));
    }
}

TEST_CASE("inside co_await stand only names and calls", "[architecture]") {
  std::vector<std::string> wrong;
  for (const auto& file : source_files({"sdk", "sidecar", "examples", "bindings/c"}))
    for (auto& place : braces_in_co_await(file)) wrong.push_back(std::move(place));
  CHECK(wrong == std::vector<std::string>{});
}

TEST_CASE("the check of co_await finds a brace and a lambda and passes a call", "[architecture]") {
  CHECK(braces_in_co_await(source_of("x.cpp", "co_await f(T{1});")).size() == 1);
  CHECK(braces_in_co_await(source_of("x.cpp", "co_await f([p] { g(p); });")).size() == 1);
  CHECK(braces_in_co_await(source_of("x.cpp", "auto x = co_await f(name, g(2));")).empty());
  CHECK(braces_in_co_await(source_of("x.cpp", "// never co_await f(T{1});\n")).empty());
}

TEST_CASE("only the server and its wire wait in coroutines", "[architecture]") {
  for (const auto& file : source_files({"sdk", "sidecar", "examples", "bindings/c"}))
    if (file.code.find("co_await") != std::string::npos)
      CHECK((file.path == "sidecar/http/server.cpp" || file.path == "sidecar/http/wire.cpp"));
}

TEST_CASE("json text is parsed in one place", "[architecture]") {
  for (const auto& file : source_files({"sdk", "sidecar", "examples", "bindings/c"})) {
    INFO(file.path);
    // The tool server looks for the id of a message it has already refused, so that its client learns which one it was.
    if (file.path == "sdk/src/core/json.cpp" || file.path == "examples/tool_server/json_rpc.cpp") continue;
    CHECK(file.code.find("Json::parse") == std::string::npos);
    CHECK(file.code.find("sax_parse") == std::string::npos);
    CHECK(file.code.find("basic_parser") == std::string::npos);
  }
}

TEST_CASE("every file begins with its one sentence and stays below 400 lines", "[architecture]") {
  for (const auto& file : source_files({"sdk", "sidecar", "examples", "bindings/c", "tests"})) {
    INFO(file.path);
    CHECK((file.text.starts_with("// ") || file.text.starts_with("/* ")));
    CHECK(std::count(file.text.begin(), file.text.end(), '\n') <= 400);
  }
}

TEST_CASE("the top level holds what the README names and no file that a tool left", "[architecture]") {
  const std::set<std::string> known{"bindings", "CHANGELOG.md", "CMakeLists.txt", "CMakePresets.json",
                                    "dev",      "docs",         "examples",       "README.md",
                                    "sdk",      "sidecar",      "tests"};
  for (const auto& entry : std::filesystem::directory_iterator(testing::source_dir)) {
    const auto name = entry.path().filename().string();
    INFO(name);
    // A build and the bench make folders, which git ignores; what begins with a dot is of git and of the runner.
    CHECK((known.count(name) != 0 || name.starts_with('.') || entry.is_directory()));
  }
}

TEST_CASE("no folder is called util or common or helpers", "[architecture]") {
  for (const auto& file : source_files({"sdk", "sidecar", "examples", "bindings/c", "tests"}))
    for (const char* name : {"/util/", "/utils/", "/common/", "/helpers/", "/misc/"})
      CHECK(file.path.find(name) == std::string::npos);
}

}  // namespace jeton::test
