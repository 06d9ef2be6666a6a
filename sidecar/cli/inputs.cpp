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

/// The word itself, or what stands where it points: - is stdin, @FILE a file.
Result<std::string> read_word(const std::string& word, const char* what_it_takes) {
  if (word == "-") return read_stream(std::cin, "stdin");
  if (!word.starts_with('@')) return word;
  std::ifstream file(word.substr(1), std::ios::binary);
  if (!file) return refuse(Code::bad_request, fmt::format("{} cannot be opened; {}", word.substr(1), what_it_takes));
  return read_stream(file, word.substr(1));
}

}  // namespace

Result<std::string> read_clue(const std::string& what) {
  return read_word(what, "log why takes a token, its SHA-256, a jti, a txn, a call id, @FILE or -");
}

Result<std::string> read_text(const std::string& what) {
  auto text = read_word(what, "what is wanted is the text itself, @FILE or -");
  while (text && text->ends_with('\n')) text->pop_back();
  return text;
}

Result<Json> read_arguments(const std::string& args) {
  const auto text = read_word(args, "--args takes JSON, @FILE or -");
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
