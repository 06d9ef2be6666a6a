// Reads with istream::read, which tells a directory or a bad disk by its state and not by an exception.
#include "text_file.hpp"

#include <array>
#include <fstream>

namespace example {

std::optional<std::string> read_text_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in.is_open()) return std::nullopt;
  std::string text;
  std::array<char, 64 * 1024> chunk;
  do {
    in.read(chunk.data(), chunk.size());
    text.append(chunk.data(), static_cast<std::size_t>(in.gcount()));
  } while (in);
  if (in.bad()) return std::nullopt;
  return text;
}

}  // namespace example
