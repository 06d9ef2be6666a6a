// Is a key of too many parts found wherever it stands, and never where there is none?
#include "app/config_nesting.hpp"

#include "app/config.hpp"
#include "support/catch.hpp"

namespace jeton {
namespace {

std::string key_of(std::size_t parts, const std::string& part = "a") {
  auto key = part;
  while (--parts > 0) key += "." + part;
  return key;
}

std::string told(const std::string& text) {
  const auto config = parse_config(text, "jeton.toml", 990);
  return config ? "ok" : config.error().message;
}

}  // namespace

TEST_CASE("a key of half a million parts is a mistake and no end of the stack") {
  const auto deep = key_of(500'000);
  for (const auto& text : {deep + " = 1", "[" + deep + "]", "[[" + deep + "]]", "x = {" + deep + " = 1}"}) {
    CHECK(told("# first\n" + text + "\n") ==
          "jeton.toml:2: syntax: a key of too many parts; write TOML, as in examples/config/full.toml");
  }
}

TEST_CASE("lists and tables in one another are a mistake and no end of the stack") {
  for (const char* open : {"a=[", "[", "{a="}) {
    std::string text = "a=";
    for (int i = 0; i < 100'000; ++i) text += open;
    CHECK(told(text).starts_with("jeton.toml:1: "));
  }
}

TEST_CASE("tables in tables as deep as both limits allow are read and refused by name") {
  std::string text = "x = ";
  for (int i = 0; i < 200; ++i) text += "{" + key_of(key_parts_max) + " = ";
  text += "1" + std::string(200, '}');
  CHECK(told(text).starts_with("jeton.toml:1: x: "));
}

TEST_CASE("a key of too many parts is found with its line") {
  CHECK(line_of_too_deep_key(key_of(key_parts_max + 1)) == 1);
  CHECK(line_of_too_deep_key("\n\n" + key_of(key_parts_max + 1, "'b'")) == 3);
  CHECK(line_of_too_deep_key("a = \"\"\"\n\\\"\"\"\"\"\"\n" + key_of(key_parts_max + 1, " \"c\" ")) == 3);
  CHECK(line_of_too_deep_key("a = '''\n'''''\n" + key_of(key_parts_max + 1)) == 3);
  CHECK(line_of_too_deep_key("a = \"\\\\\" # \"\n" + key_of(key_parts_max + 1)) == 2);
}

TEST_CASE("dots that part no key are not counted") {
  const auto dots = std::string(100, '.');
  CHECK_FALSE(line_of_too_deep_key(key_of(key_parts_max) + " = 1.5\n" + key_of(key_parts_max)));
  for (const auto& text : {"# " + dots, "a = \"" + dots + "\"", "a = '" + dots + "'", "a = \"\"\"\n" + dots + "\"\"\"",
                           "a = '''\n" + dots + "'''", "a = \"\\\"" + dots + "\"", "'" + dots + "' = 1"})
    CHECK_FALSE(line_of_too_deep_key(text));
  CHECK_FALSE(line_of_too_deep_key("a = [1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5]"));
}

}  // namespace jeton
