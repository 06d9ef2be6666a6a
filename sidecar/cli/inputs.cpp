// Arguments and tokens from where the user said: the command line, a file, stdin.
#include <fstream>
#include <iostream>
#include <iterator>

#include <fmt/core.h>

#include "cli/commands.hpp"

namespace jeton::cli {
namespace {

Result<std::string> read_stream(std::istream& in, const std::string& name) {
  constexpr std::size_t bytes_max = 1 << 20;
  std::string text(bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return refuse(Code::bad_request, fmt::format("{} cannot be read", name));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > bytes_max) return refuse(Code::bad_request, fmt::format("{} is larger than 1 MiB", name));
  return text;
}

}  // namespace

Result<Json> read_arguments(const std::string& args) {
  Result<std::string> text = args;
  if (args == "-") {
    text = read_stream(std::cin, "stdin");
  } else if (args.starts_with('@')) {
    std::ifstream file(args.substr(1), std::ios::binary);
    if (!file)
      return refuse(Code::bad_request,
                    fmt::format("{} cannot be opened; --args takes JSON, @FILE or -", args.substr(1)));
    text = read_stream(file, args.substr(1));
  }
  if (!text) return refuse(text.error());
  return parse_json(*text, Code::bad_arguments);
}

Result<std::string> read_token(const std::string& token) {
  if (token != "-") return token;
  auto text = read_stream(std::cin, "stdin");
  if (!text) return text;
  // A line feed is what pipes add; anything else around a token is not ours to mend.
  if (text->ends_with('\n')) text->pop_back();
  return text;
}

}  // namespace jeton::cli
