// What may stand under [[grant.argument]], and what is told about everything else.
#include "app/config.hpp"
#include "support/catch.hpp"

namespace {

using jeton::Code;
using jeton::Json;
using jeton::parse_config;

// 11 lines; a rule begins at line 12.
const std::string base =
    "trust_domain = \"acme.example\"\n[[agent]]\nname = \"a\"\nmatch = [\"unix:uid:1\"]\n"
    "[[server]]\nurl = \"mcp:stdio:s\"\n[[grant]]\nname = \"g\"\nagent = \"a\"\nserver = \"mcp:stdio:s\"\n"
    "tools = [\"t\"]\n";
const std::string rule = base + "[[grant.argument]]\n";
constexpr int rule_line = 12;

void check_refused(const std::string& text, int line, const std::string& key, const std::string& fragment) {
  CAPTURE(text);
  const auto config = parse_config(text, "jeton.toml", 990);
  REQUIRE_FALSE(config);
  CHECK(config.error().code == Code::bad_request);
  CHECK_THAT(config.error().message,
             Catch::StartsWith("jeton.toml:" + std::to_string(line) + ": grant.argument" + key + ": "));
  CHECK_THAT(config.error().message, Catch::Contains(fragment) && Catch::Contains(";"));
}

/// The code of the decision about these arguments under a rule.
std::string decided(const std::string& conditions, const std::string& arguments) {
  const auto config = parse_config(rule + conditions, "jeton.toml", 990);
  if (!config) return config.error().message;
  const auto json = Json::parse(arguments);
  const auto permit = jeton::Grants(config->grants).decide({"a", "mcp:stdio:s", "t", &json});
  return permit ? "permit" : std::string(name_of(permit.error().code));
}

}  // namespace

TEST_CASE("a rule without a pointer or a condition is refused with its line") {
  check_refused(rule, rule_line, ".pointer", "missing");
  check_refused(rule + "max = 1", rule_line, ".pointer", "missing; write pointer = \"...\"");
  check_refused(rule + "pointer = \"/a\"", rule_line + 1, ".pointer", "has no condition; write at least one of equals");
  check_refused(base + "argument = []", rule_line, "", "is an empty list");
  check_refused(base + "argument = [\n5]", rule_line + 1, "", "is an integer; write [[grant.argument]]");
  check_refused(base + "[grant.argument]\npointer = \"/a\"\nmax = 1", rule_line, "", "is a table; write [[grant.");
}

TEST_CASE("a pointer that is none is refused with its line") {
  for (const std::string pointer : {"", "amount", "#/amount", "/a~", "/a~2", "/~/b", "$.amount"}) {
    check_refused(rule + "max = 1\npointer = \"" + pointer + "\"", rule_line + 2, ".pointer", "write a JSON Pointer");
  }
}

TEST_CASE("a condition of the wrong type or range is refused with its line") {
  struct Wrong {
    std::string condition;
    std::string key;
    std::string fragment;
  };
  const std::vector<Wrong> all = {
      {"equals = []", ".equals", "is a list; write a string, number or boolean"},
      {"equals = 2024-01-01", ".equals", "is a date or time; write a string"},
      {"equals = 9007199254740992", ".equals", "2^53-1"},
      {"equals = nan", ".equals", "finite"},
      {"one_of = \"EUR\"", ".one_of", "is a string; write a list of strings, numbers and booleans"},
      {"one_of = []", ".one_of", "is empty"},
      {"one_of = [1, [2]]", ".one_of", "holds a list"},
      {"one_of = [1, -9007199254740992]", ".one_of", "2^53-1"},
      {"prefix = 5", ".prefix", "is an integer; write a string"},
      {"suffix = [\"x\"]", ".suffix", "is a list; write a string"},
      {"pattern = 5", ".pattern", "is an integer; write a string"},
      {"pattern = \"a(\"", ".pattern", "is no RE2 expression (missing )"},
      {"pattern = '(?=a)b'", ".pattern", "is no RE2 expression"},
      {"pattern = '(a)\\1'", ".pattern", "is no RE2 expression"},
      {"pattern = \"((a{1,100}){1,100}){1,100}\"", ".pattern", "is no RE2 expression"},
      {"min = \"5\"", ".min", "is a string; write a number"},
      {"min = true", ".min", "is a boolean; write a number"},
      {"max = inf", ".max", "finite"},
      {"max = 9007199254740992", ".max", "2^53-1"},
      {"max_length = 1.5", ".max_length", "number with a fraction; write an integer"},
      {"max_length = -1", ".max_length", "write 0 or more"},
      {"path_under = \"srv\"", ".path_under", "is no absolute path"},
      {"path_under = \"\"", ".path_under", "is no absolute path"},
      {"path_under = \"/srv/../..\"", ".path_under", "is no absolute path"},
      {"path_under = \"/srv\\u0000\"", ".path_under", "is no absolute path"},
      {"maxlength = 5", ".maxlength", "unknown key; write max_length"},
      {"maximum = 5", ".maximum", "unknown key; write one of pointer, equals"},
      {"regex = \"x\"", ".regex", "unknown key"},
  };
  for (const auto& [condition, key, fragment] : all)
    check_refused(rule + "pointer = \"/a\"\n" + condition, rule_line + 2, key, fragment);
  check_refused(rule + "pointer = \"/a\"\nmin = 5\nmax = 4.5", rule_line + 3, ".max", "is less than min");
}

TEST_CASE("a section of rules stands below a grant and nowhere else") {
  const auto refused = [](const std::string& text) {
    const auto config = parse_config(text, "jeton.toml", 990);
    return config ? "read" : config.error().message;
  };
  CHECK_THAT(refused("trust_domain = \"a\"\n\"grant.argument\" = 5"),
             Catch::Contains("2: grant.argument: unknown key"));
  CHECK_THAT(refused("trust_domain = \"a\"\n[[argument]]\npointer = \"/a\""), Catch::Contains("2: argument: unknown"));
  CHECK_THAT(refused("trust_domain = \"a\"\n[[server]]\nurl = \"mcp:stdio:s\"\n[[server.argument]]\nmax = 5"),
             Catch::Contains("4: server.argument: unknown key"));
  CHECK_THAT(refused(base + "[[grant.argumet]]\npointer = \"/a\""), Catch::Contains("write [[grant.argument]]"));
}

TEST_CASE("every condition can be set and is kept") {
  const std::vector<std::vector<std::string>> all = {
      // condition, arguments that pass, arguments that do not
      {"equals = \"x\"", R"({"a":"x"})", R"({"a":"X"})"},
      {"equals = 2", R"({"a":2.0})", R"({"a":"2"})"},
      {"equals = 0.5", R"({"a":0.5})", R"({"a":0.25})"},
      {"equals = false", R"({"a":false})", R"({"a":0})"},
      {"one_of = [\"x\", 2, true]", R"({"a":2})", R"({"a":1})"},
      {"prefix = \"A-\"", R"({"a":"A-1"})", R"({"a":"B-1"})"},
      {"suffix = \".csv\"", R"({"a":"x.csv"})", R"({"a":"x.csv.exe"})"},
      {"pattern = \"[0-9]+\"", R"({"a":"17"})", R"({"a":"17 "})"},
      {"min = 5", R"({"a":5})", R"({"a":4.99})"},
      {"max = 1.5", R"({"a":1.5})", R"({"a":2})"},
      {"max_length = 2", R"({"a":"ab"})", R"({"a":"abc"})"},
      {"path_under = \"/srv/\"", R"({"a":"/srv/x"})", R"({"a":"/etc/x"})"},
  };
  for (const auto& one : all) {
    CAPTURE(one[0]);
    CHECK(decided("pointer = \"/a\"\n" + one[0], one[1]) == "permit");
    CHECK(decided("pointer = \"/a\"\n" + one[0], one[2]) == "no_grant");
    CHECK(decided("pointer = \"/a\"\n" + one[0], "{}") == "no_grant");
  }
}

TEST_CASE("several rules of a grant and several conditions of a rule must all hold") {
  const std::string two = "pointer = \"/a\"\nmin = 1\nmax = 2\n[[grant.argument]]\npointer = \"/b\"\nequals = true\n";
  CHECK(decided(two, R"({"a":2,"b":false})") == "no_grant");
  CHECK(decided(two, R"({"a":3,"b":true})") == "no_grant");
  CHECK(decided(two, R"({"a":0,"b":true})") == "no_grant");
  CHECK(decided(two, R"({"b":true})") == "no_grant");
  CHECK(decided(two, R"({"a":1,"b":true,"c":0})") == "permit");
}
