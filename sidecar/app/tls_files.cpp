// Judged on the open descriptor: what is checked is what is read.
#include "app/tls_files.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/paths.hpp"

namespace jeton {
namespace {

constexpr std::size_t file_bytes_max = 256 * 1024;

class File {
 public:
  // O_NONBLOCK, or a fifo in the file's place would hang the start.
  explicit File(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
    if (fd_ < 0 || ::fstat(fd_, &facts_) != 0) error_ = errno;
  }
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  [[nodiscard]] int error() const { return error_; }
  [[nodiscard]] const struct stat& facts() const { return facts_; }
  /// As much as fits; false when there is less.
  [[nodiscard]] bool read(std::span<unsigned char> bytes) const {
    while (!bytes.empty()) {
      const auto count = ::read(fd_, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return false;
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return true;
  }

 private:
  int fd_;
  int error_ = 0;
  struct stat facts_ {};
};

tl::unexpected<Error> wrong(std::string_view key, const std::string& path, std::string_view what) {
  return refuse(Code::bad_request, fmt::format("tls.{} {}: {}", key, path, what));
}

Result<std::size_t> size_of(std::string_view key, const std::string& path, const File& file) {
  if (file.error() == ENOENT) return wrong(key, path, "there is no such file; name one that is there");
  if (file.error() != 0) return wrong(key, path, std::strerror(file.error()));
  if (!S_ISREG(file.facts().st_mode)) return wrong(key, path, "is not a regular file");
  const auto size = static_cast<std::size_t>(file.facts().st_size);
  if (size == 0 || size > file_bytes_max) return wrong(key, path, "is empty or larger than 256 KiB");
  return size;
}

Result<std::string> read_certificates(std::string_view key, const std::string& path, uid_t daemon_uid) {
  const File file(path);
  const auto size = size_of(key, path, file);
  if (!size) return refuse(size.error());
  const auto& facts = file.facts();
  if ((facts.st_uid != 0 && facts.st_uid != daemon_uid) || (facts.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return wrong(key, path, fmt::format("can be written by others; type  chown root {0}  and  chmod 0644 {0}", path));
  std::string text(*size, '\0');
  if (!file.read({reinterpret_cast<unsigned char*>(text.data()), text.size()}))
    return wrong(key, path, "changed while it was read; try again");
  return text;
}

Result<Secret> read_key(const std::string& path, uid_t daemon_uid) {
  const File file(path);
  const auto size = size_of("key", path, file);
  if (!size) return refuse(size.error());
  const auto& facts = file.facts();
  // systemd gives its credentials to a service's account by an ACL, which shows as the group's bits.
  const bool credential = facts.st_uid == 0 && is_credential(path);
  if (!credential && facts.st_uid != daemon_uid)
    return wrong(
        "key", path,
        fmt::format("does not belong to the daemon's account; type  chown jeton {0}  and  chmod 0400 {0}", path));
  if ((facts.st_mode & (credential ? 007u : 077u)) != 0)
    return wrong("key", path, "is readable by others; take a new key, and type  chmod 0400 " + path);
  Secret text(*size);
  if (!file.read(text.writable())) return wrong("key", path, "changed while it was read; try again");
  text.seal();
  return text;
}

}  // namespace

std::string host_of(std::string_view url) {
  url.remove_prefix(std::min(url.size(), url.find("://") + 3));
  url = url.substr(0, url.find_first_of("/?#"));
  if (url.starts_with('[')) return std::string(url.substr(1, url.find(']') - 1));
  return std::string(url.substr(0, url.find(':')));
}

Result<std::shared_ptr<const TlsContext>> load_tls(const TlsFiles& files, uid_t daemon_uid) {
  auto key = read_key(files.key, daemon_uid);
  if (!key) return refuse(key.error());
  auto certificate = read_certificates("certificate", files.certificate, daemon_uid);
  if (!certificate) return refuse(certificate.error());
  TlsMaterial material{std::move(*certificate), std::move(*key)};
  if (files.client_ca) {
    auto client_ca = read_certificates("client_ca", *files.client_ca, daemon_uid);
    if (!client_ca) return refuse(client_ca.error());
    material.client_ca = std::move(*client_ca);
  }
  auto made = TlsContext::make(material);
  if (!made) return refuse(Code::bad_request, "tls." + made.error().message);
  return made;
}

}  // namespace jeton
