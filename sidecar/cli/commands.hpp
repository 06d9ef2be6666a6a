// The commands of `jeton`, one function each: options in, exit status out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "jeton/client.hpp"
#include "jeton/error.hpp"

namespace jeton::cli {

/// Taken by every command.
struct Common {
  std::optional<std::string> socket;
  std::optional<std::string> state;
  bool json = false;

  [[nodiscard]] ClientOptions client() const;
};

/// The tool call a command is about; `args` is JSON, @FILE or -.
struct CallOptions {
  std::string server;
  std::string tool;
  std::string args;
};

struct MintOptions {
  CallOptions call;
  std::optional<std::string> txn;
  std::optional<std::string> call_id;
  std::optional<std::string> run_id;
  std::optional<std::string> subject_token;  ///< or - for stdin
};

struct RedeemOptions {
  CallOptions call;
  std::string token;  ///< or - for stdin
  std::optional<std::string> redemption_id;
};

struct FederateOptions {
  std::string relying_party;        ///< its name
  std::optional<std::string> file;  ///< else stdout
};

/// Exactly one of these.
struct RevokeOptions {
  std::optional<std::string> jti;
  std::optional<std::string> txn;
  std::optional<std::string> run_id;
  std::optional<std::string> agent;
};

/// Filters as they were typed; see CallFilter.
struct CallsOptions {
  std::optional<std::string> agent, tool, server, run_id, session_id, call_id, state, code, since, until;
  std::optional<std::string> cache;  ///< where the index lies; else in the user's cache
  std::uint64_t limit = 50;
  std::optional<std::uint64_t> before;
};

struct WhyOptions {
  std::string what;  ///< the string itself, - for stdin, or @FILE
  std::optional<std::string> cache;
};

struct ExportOptions {
  std::string format;  ///< one of export_formats()
  std::optional<std::string> since, until;
  std::optional<std::uint64_t> from;
  std::optional<std::string> file;  ///< else stdout
};

struct FollowOptions {
  std::optional<std::string> since, agent;
  std::optional<std::uint64_t> from;
};

struct LogOptions {
  std::optional<std::string> txn;
  std::optional<std::string> vkey;       ///< NAME+ID+KEY, or @FILE; else STATE/log.vkey
  std::optional<std::string> proof;      ///< a file to verify in place of the log
  std::vector<std::string> checkpoints;  ///< files to hold the log against, beside STATE/checkpoint
  std::uint64_t index = 0;
  std::string directory;
  bool with_arguments = false;  ///< of a copy
};

struct ArchiveOptions {
  std::string directory;                  ///< of the copy
  std::optional<std::string> older_than;  ///< as time_from reads it; else retain_days
};

struct TilesOptions {
  std::string directory;
  bool entries = false;
};

struct ConsistencyOptions {
  std::string old;                    ///< a size, or a file with the older checkpoint
  std::optional<std::uint64_t> size;  ///< of a checkpoint; else the newest
  std::optional<std::string> vkey;    ///< as in LogOptions
};

/// One of `key`, `make_key` and `erase`; see log_args.
struct ArgsOptions {
  std::optional<std::string> txn;
  std::optional<std::string> key;       ///< the reviewer's secret key, a file
  std::optional<std::string> make_key;  ///< a new file for one
  bool erase = false;
  std::optional<std::string> older_than;  ///< as time_from reads it
};

/// Without `args` the key alone is disclosed; with it, whether these are the arguments.
struct DiscloseOptions {
  std::string txn;
  std::optional<std::string> tool;
  std::optional<std::string> args;  ///< JSON, @FILE or -
};

/// Times as `time_from` reads them.
struct ReviewOptions {
  std::optional<std::string> since;
  std::optional<std::string> until;
  std::optional<std::string> kind;
  std::uint64_t limit = 100;
};

struct ExplainOptions {
  std::string agent;
  std::optional<std::string> server;
  std::string tool;
  std::string args;
  std::optional<std::string> at;  ///< else now
  std::optional<std::string> config;
};

struct DoctorOptions {
  std::optional<std::string> config;  ///< else the usual places
  bool ask_engine = false;            ///< one question to the engine of [policy]; else it is not bothered
};

struct RunOptions {
  std::optional<std::string> agent;   ///< else the only one that is configured
  std::optional<std::string> config;  ///< else the usual places
  std::vector<std::string> command;
};

/// Of `jeton domain`; each command has its own of these.
struct DomainOptions {
  std::string file;          ///< with the root key
  std::string trust_domain;  ///< of a new one
  std::string document;      ///< a request or a certificate: the text, @FILE or -
  int days = 90;
  std::optional<std::string> issuer;  ///< the request must be for this one
  std::optional<std::string> vkey;    ///< the certificate must be of this root
};

struct JwksOptions {
  std::string issuer;
  std::string directory;
  bool federation = false;  ///< the keys of federation tokens, and only those
};

[[nodiscard]] int mint(const Common& common, const MintOptions& options);
/// A federation token, and nothing else on stdout.
[[nodiscard]] int federate(const Common& common, const FederateOptions& options);
[[nodiscard]] int redeem(const Common& common, const RedeemOptions& options);
[[nodiscard]] int verify(const Common& common, const RedeemOptions& options);
[[nodiscard]] int revoke(const Common& common, const RevokeOptions& options);
[[nodiscard]] int agent_switch(const Common& common, const std::string& name, bool disable);
[[nodiscard]] int status(const Common& common);
/// The metrics as they are; --json has no other form of them and is refused.
[[nodiscard]] int metrics(const Common& common);
/// A configuration for this account and the directories it needs; asks nothing, replaces nothing.
[[nodiscard]] int init(const Common& common);
/// 4 when something does not work.
[[nodiscard]] int doctor(const Common& common, const DoctorOptions& options);
/// The program's own exit status once it ran, 128 and the signal's number when one ended it.
[[nodiscard]] int run(const Common& common, const RunOptions& options);
[[nodiscard]] int policy_explain(const Common& common, const ExplainOptions& options);
[[nodiscard]] int log_calls(const Common& common, const CallsOptions& options);
[[nodiscard]] int log_show(const Common& common, const LogOptions& options);
[[nodiscard]] int log_alerts(const Common& common, const ReviewOptions& options);
[[nodiscard]] int log_stats(const Common& common, const ReviewOptions& options);
[[nodiscard]] int log_why(const Common& common, const WhyOptions& options);
/// Until SIGINT, SIGTERM or a closed stdout: 0. 3 when the log is replaced or damaged.
[[nodiscard]] int log_follow(const Common& common, const FollowOptions& options);
[[nodiscard]] int log_export(const Common& common, const ExportOptions& options);
[[nodiscard]] int log_verify(const Common& common, const LogOptions& options);
[[nodiscard]] int log_proof(const Common& common, const LogOptions& options);
[[nodiscard]] int log_vkey(const Common& common);
[[nodiscard]] int log_copy(const Common& common, const LogOptions& options);
/// 4 when the copy does not verify; then nothing is archived.
[[nodiscard]] int log_archive(const Common& common, const ArchiveOptions& options);
[[nodiscard]] int log_tiles(const Common& common, const TilesOptions& options);
[[nodiscard]] int log_args(const Common& common, const ArgsOptions& options);
[[nodiscard]] int log_disclose(const Common& common, const DiscloseOptions& options);
[[nodiscard]] int log_consistency(const Common& common, const ConsistencyOptions& options);

[[nodiscard]] int domain_init(const Common& common, const DomainOptions& options);
[[nodiscard]] int domain_vkey(const Common& common, const DomainOptions& options);
[[nodiscard]] int domain_request(const Common& common);
[[nodiscard]] int domain_sign(const Common& common, const DomainOptions& options);
[[nodiscard]] int domain_install(const Common& common, const DomainOptions& options);
/// Static files for relying parties; says until when they are good.
[[nodiscard]] int jwks_export(const Common& common, const JwksOptions& options);

/// Says a refusal where it belongs (--json: stdout, one document; else stderr) and gives its exit status.
[[nodiscard]] int tell(const Common& common, const Error& error);
/// A mistake in the command line itself.
[[nodiscard]] int usage(std::string_view what);

/// The arguments object named by --args; usage mistakes are bad_request, bad arguments bad_arguments.
[[nodiscard]] Result<Json> read_arguments(const std::string& args);
/// A string that somebody found: from the command line, from @FILE or, for -, from stdin.
[[nodiscard]] Result<std::string> read_clue(const std::string& what);
/// A line of text in the same way, without the line feed that files and pipes add.
[[nodiscard]] Result<std::string> read_text(const std::string& what);
/// A token from the command line or, for -, from stdin.
[[nodiscard]] Result<std::string> read_token(const std::string& token);

}  // namespace jeton::cli
