// A real jetond for a test to run, kill and start again, and a client that sends it any bytes at all.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jeton/client.hpp"
#include "support/run.hpp"

namespace jeton::outside {

/// How a daemon is started. Without `config` it is `jetond --dev`.
struct Setup {
  std::optional<std::string> config = std::nullopt;
  std::vector<std::string> arguments = {};
  Environment env = {};
  /// None: a directory of its own, made before the start.
  std::optional<std::filesystem::path> state = std::nullopt;
  /// More than 0: the descriptors it may have, and no way to more.
  int descriptors = 0;
};

/// Runs from its making to its end of scope; then its state is gone too. Starting throws, with what the daemon said on
/// stderr, unless it is ready within 20 s.
class Daemon {
 public:
  explicit Daemon(Setup setup = {});
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  [[nodiscard]] const std::filesystem::path& socket() const { return socket_; }
  [[nodiscard]] const std::filesystem::path& state() const { return state_; }
  [[nodiscard]] const std::filesystem::path& home() const { return home_.path(); }
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] const std::string& ready_line() const { return ready_line_; }
  /// Everything it said on stderr since its first start.
  [[nodiscard]] std::string said() const { return read_file(home() / "stderr"); }
  [[nodiscard]] bool alive() const;

  /// SIGKILL; returns when it is gone.
  void kill9();
  /// The same command on the same state; after kill9, stop, or a death of its own.
  void restart();
  /// SIGTERM; its exit status.
  int stop();

  /// The sdk's options for this daemon, with a deadline that a busy machine keeps.
  [[nodiscard]] ClientOptions client_options() const;
  [[nodiscard]] Client client() const;
  [[nodiscard]] std::vector<std::string> command() const;

 private:
  void start();

  Setup setup_;
  TempDir home_;
  std::filesystem::path state_;
  std::filesystem::path socket_;
  std::string ready_line_;
  pid_t pid_ = -1;
  int stdout_ = -1;
};

/// An answer as it came over the wire.
struct RawAnswer {
  int status = 0;
  std::string head;  ///< status line and fields
  std::string body;
  /// The `code` of a problem+json body; empty when it has none.
  [[nodiscard]] std::string code() const;
};

/// The first answer of what was received, by its Content-Length, taken from there; none while it is not whole.
[[nodiscard]] std::optional<RawAnswer> first_answer(std::string& received);

/// A connection that sends what it is told to, well formed or not.
class RawClient {
 public:
  explicit RawClient(const std::filesystem::path& socket);
  /// A connection that somebody else made; takes it over.
  explicit RawClient(int connected) : fd_(connected) {}
  ~RawClient();
  RawClient(RawClient&& other) noexcept;
  RawClient& operator=(RawClient&&) = delete;

  /// False when the daemon no longer takes it.
  bool send(std::string_view bytes);
  void half_close();
  /// The next answer, read by its Content-Length; none when the connection ended first. Throws after the limit.
  [[nodiscard]] std::optional<RawAnswer> answer(std::chrono::milliseconds limit = std::chrono::seconds(10));
  /// Everything up to the end of the connection. Throws when it does not end within the limit.
  [[nodiscard]] std::string rest(std::chrono::milliseconds limit = std::chrono::seconds(10));
  /// Whether the daemon ends the connection, with nothing more to say, within the limit.
  [[nodiscard]] bool ends(std::chrono::milliseconds limit = std::chrono::seconds(10));
  [[nodiscard]] int fd() const { return fd_; }

 private:
  enum class Got { bytes, end, nothing };
  [[nodiscard]] Got receive(std::chrono::steady_clock::time_point end);

  int fd_ = -1;
  std::string pending_;
};

/// A POST with its Content-Length, and what else should stand in its head ("Name: value\r\n").
[[nodiscard]] std::string post(std::string_view target, std::string_view body, std::string_view more = "");

}  // namespace jeton::outside
