// Starting, waiting for the ready line, and bytes by hand.
#include "support/daemon.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace jeton::outside {
namespace {

using SteadyClock = std::chrono::steady_clock;

int left_ms(SteadyClock::time_point end) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - SteadyClock::now()).count();
  return static_cast<int>(std::max<decltype(left)>(left, 0));
}

/// The first line of a pipe; what came without a line feed when it ended or time is over.
std::string read_line(int fd, std::chrono::milliseconds limit) {
  const auto end = SteadyClock::now() + limit;
  std::string line;
  char c = 0;
  for (pollfd waiting{fd, POLLIN, 0}; ::poll(&waiting, 1, left_ms(end)) > 0;) {
    if (::read(fd, &c, 1) != 1 || c == '\n') break;
    line += c;
  }
  return line;
}

}  // namespace

Daemon::Daemon(Setup setup) : setup_(std::move(setup)) {
  state_ = setup_.state.value_or(home() / "jeton");
  socket_ = home() / "agent.sock";
  std::filesystem::create_directories(state_);
  std::filesystem::permissions(state_, std::filesystem::perms::owner_all);
  if (setup_.config) write_file(home() / "jeton.toml", *setup_.config);
  start();
}

Daemon::~Daemon() {
  if (alive()) ::kill(pid_, SIGKILL);
  if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
  if (stdout_ >= 0) ::close(stdout_);
}

std::vector<std::string> Daemon::command() const {
  std::vector<std::string> words;
  if (setup_.descriptors > 0)
    words = {"/bin/sh", "-c", fmt::format("ulimit -n {} && exec \"$@\"", setup_.descriptors), "sh"};
  words.insert(words.end(), {program("jetond"), "--state", state_, "--socket", socket_});
  if (setup_.config)
    words.insert(words.end(), {"--config", home() / "jeton.toml"});
  else
    words.emplace_back("--dev");
  words.insert(words.end(), setup_.arguments.begin(), setup_.arguments.end());
  return words;
}

void Daemon::start() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  const int err = ::open((home() / "stderr").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  pid_ = spawn(command(), setup_.env, null, ends[1], err);
  for (const int fd : {ends[1], err, null}) ::close(fd);
  if (stdout_ >= 0) ::close(stdout_);
  stdout_ = ends[0];
  ready_line_ = read_line(stdout_, std::chrono::seconds(20));
  if (!ready_line_.starts_with("ready ")) throw std::runtime_error("jetond did not become ready; it said:\n" + said());
}

bool Daemon::alive() const {
  siginfo_t ended{};
  return pid_ > 0 && ::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         ended.si_pid == 0;
}

void Daemon::kill9() {
  ::kill(pid_, SIGKILL);
  ::waitpid(std::exchange(pid_, -1), nullptr, 0);
}

void Daemon::restart() {
  if (pid_ > 0) throw std::runtime_error("restart of a daemon that was not stopped");
  start();
}

int Daemon::stop() {
  ::kill(pid_, SIGTERM);
  return wait_for_exit(std::exchange(pid_, -1), std::chrono::seconds(20));
}

ClientOptions Daemon::client_options() const { return {socket_, std::chrono::seconds(10)}; }

Client Daemon::client() const {
  auto connected = Client::connect(client_options());
  if (!connected) throw std::runtime_error(connected.error().message);
  return *connected;
}

std::string RawAnswer::code() const {
  const auto json = Json::parse(body, nullptr, false);
  return json.is_object() ? json.value("code", "") : "";
}

std::optional<RawAnswer> first_answer(std::string& received) {
  const auto head_end = received.find("\r\n\r\n");
  if (head_end == received.npos) return std::nullopt;
  RawAnswer answer;
  answer.head = received.substr(0, head_end + 2);
  const auto length_at = answer.head.find("Content-Length: ");
  const auto length = length_at == answer.head.npos ? 0 : std::stoul(answer.head.substr(length_at + 16));
  if (received.size() < head_end + 4 + length) return std::nullopt;
  answer.status = std::stoi(answer.head.substr(9, 3));
  answer.body = received.substr(head_end + 4, length);
  received.erase(0, head_end + 4 + length);
  return answer;
}

RawClient::RawClient(const std::filesystem::path& socket) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket.c_str(), sizeof address.sun_path - 1);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error(fmt::format("connect {}: {}", socket.string(), std::strerror(errno)));
}

RawClient::~RawClient() {
  if (fd_ >= 0) ::close(fd_);
}
RawClient::RawClient(RawClient&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), pending_(std::move(other.pending_)) {}

bool RawClient::send(std::string_view bytes) {
  const auto end = SteadyClock::now() + std::chrono::seconds(10);
  while (!bytes.empty()) {
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EAGAIN) {
      pollfd waiting{fd_, POLLOUT, 0};
      if (::poll(&waiting, 1, left_ms(end)) <= 0) return false;
      continue;
    }
    if (sent < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void RawClient::half_close() { ::shutdown(fd_, SHUT_WR); }

RawClient::Got RawClient::receive(SteadyClock::time_point end) {
  pollfd waiting{fd_, POLLIN, 0};
  if (::poll(&waiting, 1, left_ms(end)) <= 0) return Got::nothing;
  std::array<char, 8192> chunk{};
  const auto count = ::recv(fd_, chunk.data(), chunk.size(), 0);
  if (count <= 0) return Got::end;  // a reset is an end as well: the daemon closed with bytes unread
  pending_.append(chunk.data(), static_cast<std::size_t>(count));
  return Got::bytes;
}

std::optional<RawAnswer> RawClient::answer(std::chrono::milliseconds limit) {
  const auto end = SteadyClock::now() + limit;
  for (;;) {
    if (auto answer = first_answer(pending_)) return answer;
    const auto got = receive(end);
    if (got == Got::end) return std::nullopt;
    if (got == Got::nothing) throw std::runtime_error("no answer in time");
  }
}

std::string RawClient::rest(std::chrono::milliseconds limit) {
  const auto end = SteadyClock::now() + limit;
  for (;;) {
    const auto got = receive(end);
    if (got == Got::end) return std::exchange(pending_, "");
    if (got == Got::nothing) throw std::runtime_error("the connection did not end in time");
  }
}

bool RawClient::ends(std::chrono::milliseconds limit) {
  return pending_.empty() && receive(SteadyClock::now() + limit) == Got::end;
}

std::string post(std::string_view target, std::string_view body, std::string_view more) {
  const bool typed = more.find("Content-Type:") != more.npos;
  return fmt::format("POST {} HTTP/1.1\r\nHost: localhost\r\n{}{}Content-Length: {}\r\n\r\n{}", target,
                     typed ? "" : "Content-Type: application/json\r\n", more, body.size(), body);
}

}  // namespace jeton::outside
