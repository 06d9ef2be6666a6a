// `jeton init`: a configuration that works as it is, and what to type next.
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/config.hpp"
#include "app/paths.hpp"
#include "cli/commands.hpp"
#include "cli/table.hpp"
#include "jeton/hash.hpp"
#include "store/whole_file.hpp"

namespace jeton::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* service_config = "/etc/jeton/jeton.toml";
constexpr const char* first_server = "mcp:stdio:tools";
constexpr const char* first_tool = "echo";

/// This host's name as a trust domain; agents elsewhere have other names then.
std::string trust_domain() {
  char name[256] = {};
  if (::gethostname(name, sizeof name - 1) != 0) return "localhost";
  std::string domain;
  for (const char c : std::string_view(name)) {
    const auto lower = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const bool fits = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9') || lower == '.' || lower == '-';
    domain += fits ? lower : '-';
  }
  return domain.empty() ? "localhost" : domain;
}

/// Who ran sudo is the agent, not root.
uid_t agents_account() {
  const char* sudo = ::geteuid() == 0 ? ::getenv("SUDO_UID") : nullptr;
  if (sudo == nullptr || *sudo == '\0' || std::strlen(sudo) > 9) return ::geteuid();
  for (const char* digit = sudo; *digit != '\0'; ++digit)
    if (*digit < '0' || *digit > '9') return ::geteuid();
  return static_cast<uid_t>(std::stoul(sudo));
}

std::string configuration(uid_t agent) {
  return fmt::format(R"(# Who may call which tool. Made by jeton init; a change is read on SIGHUP, all of it or nothing.
# Every key with its sentence: jeton.toml(5), or examples/config/full.toml.
trust_domain = "{}"

# An agent is an account. Give each its own: code under one uid is not told apart.
[[agent]]
name = "agent"
match = ["unix:uid:{}"]

# A tool server by its URL, or mcp:stdio:NAME for one that the agent starts itself.
[[server]]
url = "{}"

# What is not granted is refused.
[[grant]]
name = "first"
agent = "agent"
server = "{}"
tools = ["{}"]
)",
                     trust_domain(), agent, first_server, first_server, first_tool);
}

Error is_there(const fs::path& file) {
  return {
      Code::bad_request,
      fmt::format("{} is there already, and stays as it is; jeton doctor says what is wrong with it", file.string())};
}

/// The whole text in a new file, or nothing.
Result<void> write_new(const fs::path& file, const std::string& text) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (fd < 0) {
    const int why = errno;
    if (why == EEXIST) return refuse(is_there(file));
    return refuse(Code::bad_request, fmt::format("cannot write {}: {}; name another directory with --state",
                                                 file.string(), std::strerror(why)));
  }
  const bool written = ::fchmod(fd, 0644) == 0 && write_whole(fd, as_bytes(text)) && ::fsync(fd) == 0;
  const int why = errno;
  ::close(fd);
  if (written) return {};
  ::unlink(file.c_str());
  return refuse(Code::bad_request, fmt::format("cannot write {}: {}", file.string(), std::strerror(why)));
}

/// One that is there keeps its mode: it may be anybody's.
Result<void> make_directory(const fs::path& directory, mode_t mode) {
  std::error_code error;
  if (fs::create_directories(directory, error) && !error && ::chmod(directory.c_str(), mode) != 0)
    error.assign(errno, std::generic_category());
  if (!error) return {};
  return refuse(Code::bad_request, fmt::format("cannot make {}: {}; name another directory with --state",
                                               directory.string(), error.message()));
}

}  // namespace

int init(const Common& common) {
  // Root without a directory of its own sets up the service, whose state directory its unit makes.
  const bool service = ::geteuid() == 0 && !common.state;
  const auto state = common.state ? fs::absolute(*common.state) : default_state();
  const auto file = service ? fs::path(service_config) : state / "jeton.toml";
  const auto failed = [&](const Error& error) {
    (void)tell(common, error);
    return 2;
  };
  if (fs::exists(fs::symlink_status(file))) return failed(is_there(file));
  if (auto made = make_directory(file.parent_path(), service ? 0755 : 0700); !made) return failed(made.error());
  const auto agent = agents_account();
  if (auto written = write_new(file, configuration(agent)); !written) return failed(written.error());
  const auto read = load_config(file, ::geteuid());
  if (!read) return tell(common, {Code::internal, "what init wrote is no configuration: " + read.error().message});

  const auto daemon = service        ? std::string("systemctl enable --now jetond")
                      : common.state ? fmt::format("jetond --state {}", state.string())
                                     : std::string("jetond");
  const auto mint = fmt::format("jeton mint --server {} --tool {} --args '{{}}'", first_server, first_tool);
  if (common.json) {
    fmt::print("{}\n", json_for_terminal({{"config", file.string()},
                                          {"trust_domain", read->trust_domain},
                                          {"agent", "agent"},
                                          {"agent_uid", agent},
                                          {"next", {"jeton doctor", daemon, mint}}}));
    return 0;
  }
  fmt::print("{}: agent \"agent\" is uid {} and may call {} of {}\n", for_terminal(file.string()), agent, first_tool,
             first_server);
  fmt::print(stderr, "jeton: hint: start the sidecar: {}\n", for_terminal(daemon));
  fmt::print(stderr, "jeton: hint: then the first token: {}\n", for_terminal(mint));
  return 0;
}

}  // namespace jeton::cli
