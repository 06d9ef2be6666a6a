// When a rule about an argument holds, and everything it must not be talked into.
#include "policy/argument_rule.hpp"

#include <chrono>
#include <limits>

#include "support/catch.hpp"

namespace {

using jeton::ArgumentConditions;
using jeton::ArgumentRule;
using jeton::Json;
using jeton::lexical_path;
using jeton::Scalar;

ArgumentRule rule_of(const ArgumentConditions& conditions) {
  auto rule = ArgumentRule::compile(conditions);
  REQUIRE(rule);
  return *std::move(rule);
}

/// Why the rule fails on {"a": value}; "" when it holds.
std::string failure(const ArgumentConditions& conditions, const Json& value) {
  return rule_of(conditions).failure({{"a", value}}).value_or("");
}

/// What stands at the pointer equals 1?
bool finds(const std::string& pointer, const char* arguments) {
  return !rule_of({.pointer = pointer, .equals = Scalar(1.0)}).failure(Json::parse(arguments));
}

const std::string nul(1, '\0');

}  // namespace

TEST_CASE("an argument that is missing fails every condition") {
  const std::vector<ArgumentConditions> all = {{.pointer = "/a", .equals = Scalar(false)},
                                               {.pointer = "/a", .one_of = std::vector<Scalar>{0.0}},
                                               {.pointer = "/a", .prefix = ""},
                                               {.pointer = "/a", .suffix = ""},
                                               {.pointer = "/a", .pattern = ".*"},
                                               {.pointer = "/a", .min = -1e300},
                                               {.pointer = "/a", .max = 1e300},
                                               {.pointer = "/a", .max_length = 1000},
                                               {.pointer = "/a", .path_under = "/"}};
  for (const auto& conditions : all) {
    const auto rule = rule_of(conditions);
    CHECK(rule.failure(Json::object()) == "there is no such argument");
    CHECK(rule.failure({{"A", 1}}) == "there is no such argument");
    CHECK(rule.failure({{"b", {{"a", 1}}}}) == "there is no such argument");
    CHECK(rule.failure({{"a", nullptr}}));
  }
}

TEST_CASE("an argument of another type fails and the refusal names what is needed") {
  CHECK(failure({.pointer = "/a", .max = 100.0}, "5") == "max 100 needs a number");
  CHECK(failure({.pointer = "/a", .min = 0.5}, true) == "min 0.5 needs a number");
  CHECK(failure({.pointer = "/a", .max_length = 3}, 5) == "max_length 3 needs a string or an array");
  CHECK(failure({.pointer = "/a", .max_length = 3}, Json::object()) == "max_length 3 needs a string or an array");
  CHECK(failure({.pointer = "/a", .prefix = "x"}, Json::array({"x"})) == "prefix needs a string");
  CHECK(failure({.pointer = "/a", .suffix = "x"}, 1) == "suffix needs a string");
  CHECK(failure({.pointer = "/a", .pattern = ".*"}, 1) == "pattern needs a string");
  CHECK(failure({.pointer = "/a", .path_under = "/srv"}, Json::array({"/srv"})) == "path_under /srv needs a string");
  CHECK(failure({.pointer = "/a", .equals = Scalar(1.0)}, nullptr) == "equals needs a string, number or boolean");
  CHECK(failure({.pointer = "/a", .one_of = std::vector<Scalar>{1.0}}, Json::object()) ==
        "one_of needs a string, number or boolean");
}

TEST_CASE("a value equals only its own type and exactly") {
  CHECK(failure({.pointer = "/a", .equals = Scalar(1.0)}, "1") == "equals does not hold");
  CHECK(failure({.pointer = "/a", .equals = Scalar(1.0)}, true) == "equals does not hold");
  CHECK(failure({.pointer = "/a", .equals = Scalar(true)}, 1) == "equals does not hold");
  CHECK(failure({.pointer = "/a", .equals = Scalar(std::string("true"))}, true) == "equals does not hold");
  CHECK(failure({.pointer = "/a", .equals = Scalar(std::string("x"))}, "x ") == "equals does not hold");
  CHECK(failure({.pointer = "/a", .equals = Scalar(std::string("x"))}, "x" + nul) == "equals does not hold");
  CHECK(failure({.pointer = "/a", .equals = Scalar(0.1)}, 0.1 + 1e-17 + 1e-16) == "equals does not hold");
  CHECK(failure({.pointer = "/a", .one_of = std::vector<Scalar>{1.0, std::string("x")}}, 2) == "one_of does not hold");

  CHECK(failure({.pointer = "/a", .equals = Scalar(2.0)}, 2).empty());
  CHECK(failure({.pointer = "/a", .equals = Scalar(2.0)}, 2.0).empty());
  CHECK(failure({.pointer = "/a", .equals = Scalar(0.0)}, -0.0).empty());
  CHECK(failure({.pointer = "/a", .equals = Scalar(9007199254740991.0)}, 9007199254740991).empty());
  CHECK(failure({.pointer = "/a", .equals = Scalar(9007199254740991.0)}, 9007199254740990) == "equals does not hold");
  CHECK(failure({.pointer = "/a", .one_of = std::vector<Scalar>{1.0, std::string("x")}}, "x").empty());
}

TEST_CASE("a number outside its bounds fails and the bounds themselves hold") {
  const ArgumentConditions bounds{.pointer = "/a", .min = -1.0, .max = 100.0};
  CHECK(failure(bounds, 100.00000000000001) == "max 100 does not hold");
  CHECK(failure(bounds, 1e22) == "max 100 does not hold");
  CHECK(failure(bounds, -1.0000000000000002) == "min -1 does not hold");
  CHECK(failure(bounds, std::numeric_limits<std::uint64_t>::max()) == "max 100 does not hold");
  for (const Json& value : {Json(-1), Json(-1.0), Json(0), Json(100), Json(100.0), Json(99.5)})
    CHECK(failure(bounds, value).empty());
}

TEST_CASE("a length is counted in code points and elements") {
  const ArgumentConditions three{.pointer = "/a", .max_length = 3};
  CHECK(failure(three, "abcd") == "max_length 3 does not hold");
  CHECK(failure(three, "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9") == "max_length 3 does not hold");
  CHECK(failure(three, Json::array({1, 2, 3, 4})) == "max_length 3 does not hold");
  // A person sees one letter; three code points make it.
  CHECK(failure({.pointer = "/a", .max_length = 1}, "e\xCC\x81") == "max_length 1 does not hold");
  CHECK(failure(three, "\xF0\x9F\x98\x80\xE2\x82\xAC\xC3\xA9").empty());
  CHECK(failure(three, Json::array({"long enough", 2, 3})).empty());
  CHECK(failure({.pointer = "/a", .max_length = 0}, "").empty());
}

TEST_CASE("prefix and suffix are bytes at the ends") {
  CHECK(failure({.pointer = "/a", .prefix = "A-"}, "a-1") == "prefix does not hold");
  CHECK(failure({.pointer = "/a", .prefix = "A-"}, " A-1") == "prefix does not hold");
  CHECK(failure({.pointer = "/a", .suffix = ".csv"}, "x.csv\n") == "suffix does not hold");
  CHECK(failure({.pointer = "/a", .prefix = "aba", .suffix = "bac"}, "abac").empty());
}

TEST_CASE("a pattern must match the whole value whether it is anchored or not") {
  for (const char* pattern : {"[0-9]+", "^[0-9]+$", "^[0-9]+", "[0-9]+$", "(?m)^[0-9]+$", "(?:[0-9]+)"}) {
    CAPTURE(pattern);
    for (const auto& value : std::vector<std::string>{"x17", "17x", "17\n", "\n17", "17\n18", "", "17 ", "17" + nul})
      CHECK(failure({.pointer = "/a", .pattern = pattern}, value) == "pattern does not hold");
    CHECK(failure({.pointer = "/a", .pattern = pattern}, "17").empty());
  }
  // Alternatives are held together, and a dot takes no line feed.
  CHECK_FALSE(failure({.pointer = "/a", .pattern = "a|b"}, "ax").empty());
  CHECK_FALSE(failure({.pointer = "/a", .pattern = "a|b"}, "xb").empty());
  CHECK_FALSE(failure({.pointer = "/a", .pattern = "a.*"}, "a\nb").empty());
  CHECK(failure({.pointer = "/a", .pattern = "caf."}, "caf\xC3\xA9").empty());
}

TEST_CASE("a pattern that would ruin a backtracking matcher takes no time that counts") {
  // given: nested repetition over a long value that nearly matches, and one whose automaton outgrows its memory
  const auto began = std::chrono::steady_clock::now();
  for (const char* pattern : {"(a*)*b", "(a|a)*b", "(a+)+b", "[ab]*a[ab]{200}c"}) {
    CAPTURE(pattern);
    CHECK(failure({.pointer = "/a", .pattern = pattern}, std::string(100000, 'a')) == "pattern does not hold");
  }
  // then: backtracking would not end; this bound is only there to be told of something absurd
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(60));
}

TEST_CASE("a length is looked at before a pattern so that it bounds what the pattern costs") {
  CHECK(failure({.pointer = "/a", .pattern = "[0-9]+", .max_length = 3}, "abcd") == "max_length 3 does not hold");
  CHECK(failure({.pointer = "/a", .pattern = "[0-9]+", .max_length = 3}, "abc") == "pattern does not hold");
}

TEST_CASE("a path that leaves its directory fails however it is spelled") {
  const ArgumentConditions srv{.pointer = "/a", .path_under = "/srv"};
  for (const std::string path : {"/srv/../etc",
                                 "/srv/a/../../etc/passwd",
                                 "/srv2",
                                 "/srv2/x",
                                 "/sr",
                                 "/",
                                 "",
                                 "srv",
                                 "srv/x",
                                 "./srv/x",
                                 "../srv/x",
                                 "/srv/..",
                                 "/srv/../",
                                 "/../srv/x",
                                 "/srv/../../srv/x",
                                 "//etc/srv",
                                 "/SRV/x",
                                 "~/srv",
                                 "file:///srv/x",
                                 "\\srv\\x",
                                 "/srv\\..\\etc/../..",
                                 " /srv/x",
                                 "/srv /x",
                                 "/srv.",
                                 "/./etc"}) {
    CAPTURE(path);
    CHECK(failure(srv, path) == "path_under /srv does not hold");
  }
  for (const std::string& path : {"/srv" + nul, "/srv/x" + nul + "/../../etc", nul + "/srv"})
    CHECK(failure(srv, path) == "path_under /srv does not hold");
}

TEST_CASE("a path that is the directory or below it holds however it is spelled") {
  for (const char* under : {"/srv", "/srv/", "//srv/.", "/srv/x/.."}) {
    CAPTURE(under);
    const ArgumentConditions srv{.pointer = "/a", .path_under = under};
    for (const char* path : {"/srv", "/srv/", "/srv/.", "//srv", "//srv//x", "/srv/x/../y", "/./srv/x", "/x/../srv/y",
                             "/srv/...", "/srv/..x", "/srv/x/.."}) {
      CAPTURE(path);
      CHECK(failure(srv, path).empty());
    }
  }
  CHECK(failure({.pointer = "/a", .path_under = "/"}, "/etc/passwd").empty());
  CHECK_FALSE(failure({.pointer = "/a", .path_under = "/"}, "etc/passwd").empty());
  CHECK(lexical_path("/srv/./a//../b/") == "/srv/b");
  CHECK(lexical_path("/a/..") == "/");
}

TEST_CASE("a pointer finds a member by its exact name and nothing else") {
  CHECK_FALSE(finds("/a", R"({"a":{"":1}})"));
  CHECK_FALSE(finds("/a/b", R"({"a/b":1})"));
  CHECK_FALSE(finds("/a/b", R"({"a":"b"})"));
  CHECK_FALSE(finds("/a~01", R"({"a/":1})"));
  CHECK(finds("/a/", R"({"a":{"":1}})"));
  CHECK(finds("/a~1b", R"({"a/b":1})"));
  CHECK(finds("/a~01", R"({"a~1":1})"));
  CHECK(finds("/a/b/c", R"({"a":{"b":{"c":1}}})"));
  CHECK(finds("/ ", R"({" ":1})"));
}

TEST_CASE("an index is digits without a leading zero and within the array") {
  for (const char* index : {"-", "00", "01", "+0", "-1", "0x0", "1", "0 ", "", "18446744073709551616", "a"}) {
    CAPTURE(index);
    CHECK_FALSE(finds(std::string("/a/") + index, R"({"a":[1]})"));
  }
  CHECK(finds("/a/0", R"({"a":[1]})"));
  CHECK(finds("/a/10", R"({"a":[0,0,0,0,0,0,0,0,0,0,1]})"));
  CHECK(finds("/a/1/b", R"({"a":[0,{"b":1}]})"));
  CHECK(finds("/a/01", R"({"a":{"01":1}})"));
}
