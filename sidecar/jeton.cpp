// jeton: a command line, and the last place an exception can land.
#include <cstdio>
#include <exception>

#include "cli/parse.hpp"

int main(int argc, char** argv) {
  try {
    return jeton::cli::run_jeton(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "jeton: internal: %s\n", error.what());
    return 1;
  }
}
