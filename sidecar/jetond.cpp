// jetond: a command line, and the last place an exception can land.
#include <cstdio>
#include <exception>

#include "cli/parse.hpp"

#ifdef __SANITIZE_ADDRESS__
// At the end of a sanitized build the leak checker looks at the process as a debugger does; jetond lets none near it.
extern "C" const char* __asan_default_options() { return "detect_leaks=0"; }
#endif

int main(int argc, char** argv) {
  try {
    return jeton::cli::run_jetond(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "jetond: internal: %s\n", error.what());
    return 1;
  }
}
