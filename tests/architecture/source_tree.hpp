// The source tree as text: files, their includes, their rooms.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace jeton::test {

struct SourceFile {
  std::string path;  ///< from the root, with /
  std::string text;
  std::string code;  ///< the text with comments and string literals blanked out, line by line as long as before
  std::vector<std::string> includes;  ///< as written, without quotes or brackets
};

/// Every .cpp, .hpp, .c and .h below the folders, in order.
[[nodiscard]] std::vector<SourceFile> source_files(const std::vector<std::string>& folders);
[[nodiscard]] SourceFile source_of(std::string path, std::string text);

/// "sidecar/http/server.cpp" → "http", "sidecar/jetond.cpp" → "main", "sdk/src/core/x.cpp" and
/// "sdk/include/jeton/x.hpp" → "sdk".
[[nodiscard]] std::string room_of(const std::string& path);

}  // namespace jeton::test
