// The digest vectors as they are made: a tool, a JSON text of arguments, and whether it has a digest.
#pragma once

#include <string>
#include <vector>

#include "jeton/tool_call.hpp"

namespace jeton::vectors {

/// One entry of digests.json; the digest is computed where the result is "ok".
struct DigestCase {
  std::string name;
  std::string tool;
  std::string arguments;
  std::string result = "ok";

  [[nodiscard]] Json json() const {
    Json entry{{"name", name}, {"tool", tool}, {"arguments", arguments}, {"result", result}};
    if (result == "ok") entry["digest"] = args_digest(tool, Json::parse(arguments)).value().text();
    return entry;
  }
};

inline std::string nested(int depth) {
  return R"({"a":)" + std::string(static_cast<std::size_t>(depth - 1), '[') +
         std::string(static_cast<std::size_t>(depth - 1), ']') + "}";
}

inline std::vector<DigestCase> digest_cases() {
  std::vector<DigestCase> cases = {
      {"one string", "get_weather", R"({"location":"New York"})"},
      {"no arguments", "ping_db", "{}"},
      {"numbers at the borders of their notations", "pay", R"({"amount":1e21,"city":"Zürich","n":0.000001})"},
      {"names sort by UTF-16 code units", "t", R"({"\ufb33":1,"\ud83d\ude00":2,"z":3,"\u0080":4,"":5})"},
      {"zero has one form", "t", R"({"a":0,"b":-0,"c":0.0,"d":-0.0,"e":0e9})"},
      {"the largest integers", "t", R"({"a":9007199254740991,"b":-9007199254740991})"},
      {"small and large doubles", "t", R"({"a":5e-324,"b":1.7976931348623157e308,"c":1e-7,"d":123456.789,"e":1e23})"},
      {"doubles that need every digit", "t", R"({"a":0.1,"b":0.30000000000000004,"c":333333333.33333329})"},
      {"escapes have one form", "t", R"({"a":"\u0000\b\t\n\f\r\u001f\"\\\/\u007f\u2028é"})"},
      {"every kind of value", "t", R"({"a":[null,true,false,1,"x",[],{}],"b":{"d":1,"c":2}})"},
      {"a tool that needs escapes", "a\"b", "{}"},
      {"64 containers", "t", nested(64)},
      {"65 containers", "t", nested(65), "bad_arguments"},
      {"null in the place of arguments", "t", "null", "bad_arguments"},
      {"an array in the place of arguments", "t", "[]", "bad_arguments"},
      {"a name twice", "t", R"({"a":1,"a":1})", "bad_arguments"},
      {"a name twice by an escape", "t", R"({"a":1,"\u0061":2})", "bad_arguments"},
      {"a name twice deep inside", "t", R"({"x":[{"y":{"a":1,"a":2}}]})", "bad_arguments"},
      {"2^53", "t", R"({"a":9007199254740992})", "bad_arguments"},
      {"2^53+1", "t", R"({"a":9007199254740993})", "bad_arguments"},
      {"2^53 below zero", "t", R"({"a":-9007199254740992})", "bad_arguments"},
      {"2^53 with a fraction", "t", R"({"a":9007199254740992.0})", "bad_arguments"},
      {"2^53 with an exponent", "t", R"({"a":9.007199254740992e15})", "bad_arguments"},
      {"the last integer below 1e21", "t", R"({"a":999999999999999934463})", "bad_arguments"},
      {"beyond a double", "t", R"({"a":1e309})", "bad_arguments"},
      {"a lone high surrogate", "t", R"({"a":"\ud800"})", "bad_arguments"},
      {"a lone low surrogate in a name", "t", R"({"\udc00":1})", "bad_arguments"},
      {"a noncharacter", "t", R"({"a":"\uffff"})", "bad_arguments"},
      {"NaN", "t", R"({"a":NaN})", "bad_arguments"},
      {"a comma too many", "t", R"({"a":1,})", "bad_arguments"},
      {"a number with a leading zero", "t", R"({"a":01})", "bad_arguments"},
      {"two values", "t", "{}{}", "bad_arguments"},
      {"a byte order mark", "t", "\xEF\xBB\xBF{}", "bad_arguments"},
      {"no text", "t", "", "bad_arguments"},
  };
  return cases;
}

}  // namespace jeton::vectors
