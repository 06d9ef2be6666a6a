// Reading the tree the tests were built from.
#include "architecture/source_tree.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "support/places.hpp"

namespace jeton::test {
namespace {

std::vector<std::string> includes_of(const std::string& text) {
  std::vector<std::string> found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("#include")) continue;
    const auto open = line.find_first_of("<\"");
    const auto close = line.find_first_of(">\"", open + 1);
    if (open != line.npos && close != line.npos) found.push_back(line.substr(open + 1, close - open - 1));
  }
  return found;
}

/// Blanks comments and literals, so that a rule about code does not stumble over words.
std::string without_words(const std::string& text) {
  std::string code = text;
  enum class In { plain, line_comment, block_comment, string, character } in = In::plain;
  for (std::size_t i = 0; i < code.size(); ++i) {
    const char c = text[i];
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (in == In::plain) {
      if (c == '/' && next == '/') in = In::line_comment;
      if (c == '/' && next == '*') in = In::block_comment;
      if (c == '"') in = In::string;
      // A quote between digits separates them: 1'000.
      if (c == '\'' && (i == 0 || !std::isalnum(static_cast<unsigned char>(text[i - 1])))) in = In::character;
      if (in == In::line_comment || in == In::block_comment) code[i] = ' ';
      continue;
    }
    const bool escaped = (in == In::string || in == In::character) && c == '\\';
    if (in == In::line_comment && c == '\n')
      in = In::plain;
    else if (in == In::block_comment && c == '/' && text[i - 1] == '*')
      in = In::plain;
    else if (in == In::string && c == '"')
      in = In::plain;
    else if (in == In::character && c == '\'')
      in = In::plain;
    if (c != '\n') code[i] = ' ';
    if (escaped && i + 1 < code.size() && text[i + 1] != '\n') code[++i] = ' ';
  }
  return code;
}

}  // namespace

SourceFile source_of(std::string path, std::string text) {
  SourceFile file{std::move(path), std::move(text), "", {}};
  file.code = without_words(file.text);
  file.includes = includes_of(file.text);
  return file;
}

std::vector<SourceFile> source_files(const std::vector<std::string>& folders) {
  const std::filesystem::path root = jeton::testing::source_dir;
  std::vector<SourceFile> files;
  for (const auto& folder : folders)
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
      const auto kind = entry.path().extension();
      if (kind != ".cpp" && kind != ".hpp" && kind != ".h" && kind != ".c") continue;
      std::ostringstream text;
      text << std::ifstream(entry.path()).rdbuf();
      files.push_back(source_of(std::filesystem::relative(entry.path(), root).generic_string(), text.str()));
    }
  std::sort(files.begin(), files.end(), [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
  return files;
}

std::string room_of(const std::string& path) {
  const auto slash = path.find('/');
  const auto top = path.substr(0, slash);
  if (top != "sidecar") return top;
  const auto next = path.find('/', slash + 1);
  return next == path.npos ? "main" : path.substr(slash + 1, next - slash - 1);
}

}  // namespace jeton::test
