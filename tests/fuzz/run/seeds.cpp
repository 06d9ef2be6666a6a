// Writes the seeds of every target into folders of their names: jeton-fuzz-seeds DIRECTORY.
#include <filesystem>
#include <iostream>

#include "fuzz/targets.hpp"
#include "support/temp_dir.hpp"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: jeton-fuzz-seeds DIRECTORY\n";
    return 2;
  }
  for (const auto& target : jeton::fuzz::targets()) {
    const auto folder = std::filesystem::path(argv[1]) / target.name;
    std::filesystem::create_directories(folder);
    int number = 0;
    for (const auto& seed : target.seeds())
      jeton::testing::write_bytes(folder / ("seed-" + std::to_string(number++)), seed);
  }
}
