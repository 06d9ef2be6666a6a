// A token is read as the configuration is: on the open descriptor, and only where nobody else could have.
#include "app/engine.hpp"

#include <algorithm>
#include <array>

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jeton {

namespace {

constexpr std::size_t token_file_bytes_max = 8 * 1024;

class TokenFile {
 public:
  explicit TokenFile(const std::string& name) : fd_(::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~TokenFile() {
    if (fd_ >= 0) ::close(fd_);
    wipe(bytes_);
  }
  TokenFile(const TokenFile&) = delete;
  TokenFile& operator=(const TokenFile&) = delete;
  [[nodiscard]] int fd() const { return fd_; }

  /// The whole file, or nothing when it is larger than any token.
  [[nodiscard]] std::optional<std::span<const unsigned char>> bytes() {
    std::size_t size = 0;
    while (size < bytes_.size()) {
      const auto got = ::read(fd_, bytes_.data() + size, bytes_.size() - size);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return std::nullopt;
      if (got == 0) return std::span<const unsigned char>(bytes_).first(size);
      size += static_cast<std::size_t>(got);
    }
    return std::nullopt;
  }

 private:
  int fd_;
  std::array<unsigned char, token_file_bytes_max + 1> bytes_{};
};

}  // namespace

Result<std::optional<Secret>> read_engine_token(const EngineConfig& config, uid_t daemon_uid) {
  if (!config.token_file) return std::nullopt;
  const auto& name = *config.token_file;
  const auto no = [&name](std::string_view what) {
    return refuse(Code::bad_request, fmt::format("policy.token_file: {} {}", name, what));
  };
  TokenFile file(name);
  struct stat facts {};
  if (file.fd() < 0 || ::fstat(file.fd(), &facts) != 0)
    return no(fmt::format("cannot be read: {}; type  install -m 0600 -o USER TOKEN {}",
                          std::error_code(errno, std::generic_category()).message(), name));
  if (!S_ISREG(facts.st_mode)) return no("is not a regular file; name the file that holds the token");
  if (facts.st_uid != 0 && facts.st_uid != daemon_uid)
    return no("belongs to neither root nor the daemon's account; type  chown root " + name);
  if ((facts.st_mode & 077) != 0) return no("can be read by others; type  chmod 0600 " + name);
  auto bytes = file.bytes();
  if (bytes && !bytes->empty() && bytes->back() == '\n') bytes = bytes->first(bytes->size() - 1);
  const auto is_visible = [](unsigned char c) { return c > ' ' && c <= '~'; };
  if (!bytes || bytes->empty() || !std::all_of(bytes->begin(), bytes->end(), is_visible))
    return no("holds no token: one line of visible ASCII, at most 8 KiB; write the token alone into it");
  Secret token(bytes->size());
  std::copy(bytes->begin(), bytes->end(), token.writable().begin());
  token.seal();
  return token;
}

Result<std::unique_ptr<OutsidePolicy>> make_outside_policy(const Config& config, uid_t daemon_uid, Fetch* fetch) {
  if (!config.engine) return nullptr;
  auto token = read_engine_token(*config.engine, daemon_uid);
  if (!token) return refuse(token.error());
  EngineAddress address{config.engine->kind, config.engine->url, config.engine->ca_file.value_or("")};
  return std::unique_ptr<OutsidePolicy>(new OutsidePolicy{RemoteEngine(*fetch, std::move(address), std::move(*token))});
}

Result<std::function<void()>> prepare_token(OutsidePolicy* outside, const Config& wanted, uid_t daemon_uid) {
  if (outside == nullptr || !wanted.engine) return [] {};
  auto token = read_engine_token(*wanted.engine, daemon_uid);
  if (!token) return refuse(token.error());
  auto kept = std::make_shared<std::optional<Secret>>(std::move(*token));
  return [outside, kept] { outside->engine.set_token(std::exchange(*kept, std::nullopt)); };
}

}  // namespace jeton
