// What the files that read a command line share. The one door to CLI11.
#pragma once

#include <functional>
#include <string>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "app/app.hpp"
#include "cli/commands.hpp"

namespace jeton::cli {

inline constexpr const char* args_help = "the arguments: JSON, @FILE, or - for stdin";

/// The tree of `jeton`'s commands while it is made: who adds a command says what it does when it is the one.
struct CommandLine {
  CLI::App& app;
  Common& common;
  std::function<int()> chosen;  ///< what the parsed command does; empty when none was named

  /// A command of this name that takes --socket, --state and --json and does `run`, which gives the exit status.
  CLI::App* add(CLI::App& parent, const char* name, const char* help, std::function<int()> run);
};

/// The options that name a tool call.
void add_call(CLI::App* command, CallOptions& call);

/// The groups of commands; each owns its options for as long as the tree lives.
void add_call_commands(CommandLine& line);
void add_operator_commands(CommandLine& line);
void add_log_commands(CommandLine& line);
void add_domain_commands(CommandLine& line);
/// Hidden from --help: what packages are made with.
void add_document_commands(CommandLine& line);

/// The options of jetond.
void add_daemon_options(CLI::App& app, DaemonOptions& options);

/// Parses; help and version are answers (0), everything else that CLI11 stops at is a usage error (2).
[[nodiscard]] int parse_and(CLI::App& app, int argc, char** argv, const std::function<int()>& run);

}  // namespace jeton::cli
