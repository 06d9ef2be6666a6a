// The command lines of both programs.
#pragma once

namespace jeton::cli {

/// Runs `jetond` with these arguments; the exit status.
[[nodiscard]] int run_jetond(int argc, char** argv);
/// Runs `jeton`.
[[nodiscard]] int run_jeton(int argc, char** argv);

}  // namespace jeton::cli
