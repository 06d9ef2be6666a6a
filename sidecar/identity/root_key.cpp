// Writing the root key without replacing anything, and reading it with suspicion.
#include "identity/root_key.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include "identity/key_file.hpp"
#include "jeton/hash.hpp"
#include "store/whole_file.hpp"

namespace jeton {
namespace {

constexpr std::size_t seed_bytes = 32, domain_bytes_max = 255;
/// Behind the header: the trust domain, a line feed, the seed.
constexpr KeyFileKind kind{"jeton domain key 1\n", "domain key", "", 1 + 1 + seed_bytes,
                           domain_bytes_max + 1 + seed_bytes};

tl::unexpected<Error> unusable(const std::filesystem::path& file, std::string_view why) {
  return refuse(Code::bad_request, fmt::format("{}: {}", file.string(), why));
}

std::string reason(int error) { return std::error_code(error, std::generic_category()).message(); }

Secret copy_of(std::span<const unsigned char> bytes) {
  Secret secret(bytes.size());
  std::copy(bytes.begin(), bytes.end(), secret.writable().begin());
  secret.seal();
  return secret;
}

}  // namespace

Result<RootKey> make_root_key(const std::filesystem::path& file, const std::string& trust_domain) {
  const auto seed = Secret::random(seed_bytes);
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return unusable(file, errno == EEXIST ? "is there already; name a new file" : reason(errno));
  const bool written = write_whole(fd, as_bytes(kind.header)) && write_whole(fd, as_bytes(trust_domain + '\n')) &&
                       write_whole(fd, seed.expose_for_signing()) && ::fsync(fd) == 0;
  const int error = errno;
  ::close(fd);
  if (written) return RootKey{trust_domain, SigningKey::from_seed(seed)};
  ::unlink(file.c_str());
  return unusable(file, reason(error));
}

Result<RootKey> read_root_key(const std::filesystem::path& file) {
  const auto found = read_key_file(file, kind, KeyReader::person);
  if (!found) return refuse(Code::bad_request, found.error().message);
  if (!*found) return unusable(file, "there is no such file; make one with  jeton domain init");
  const auto bytes = (*found)->expose_for_signing();
  const auto name = bytes.first(bytes.size() - seed_bytes);
  std::string trust_domain(name.begin(), name.end());
  const bool ended = trust_domain.ends_with('\n');
  trust_domain.pop_back();
  if (!ended || !is_trust_domain(trust_domain))
    return unusable(file, "is not a jeton domain key; restore it from the backup");
  return RootKey{std::move(trust_domain), SigningKey::from_seed(copy_of(bytes.last(seed_bytes)))};
}

}  // namespace jeton
