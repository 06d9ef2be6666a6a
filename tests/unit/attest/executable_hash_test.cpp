// Which files are hashed, and when is a hash remembered?
#include "attest/executable_hash.hpp"

#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <unistd.h>

#include "support/catch.hpp"

namespace jeton {
namespace {

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& text) {
    fd_ = ::mkstemp(path_.data());
    REQUIRE(::write(fd_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  ~TemporaryFile() {
    ::close(fd_);
    ::unlink(path_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  std::string path_ = "/tmp/jeton-hash-XXXXXX";
  int fd_ = -1;
};

const std::string sha256_of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

}  // namespace

TEST_CASE("what is no regular file has no hash") {
  ExecutableHashes hashes;
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int directory = ::open("/", O_RDONLY | O_CLOEXEC);

  CHECK(hashes.of(null) == std::nullopt);
  CHECK(hashes.of(directory) == std::nullopt);
  CHECK(hashes.of(-1) == std::nullopt);

  ::close(null);
  ::close(directory);
}

TEST_CASE("a file beyond the limit is not read") {
  ExecutableHashes hashes;
  const TemporaryFile file("");
  REQUIRE(::ftruncate(file.fd(), ExecutableHashes::max_file_bytes + 1) == 0);

  CHECK(hashes.of(file.fd()) == std::nullopt);
}

TEST_CASE("a file written just now is hashed anew each time") {
  ExecutableHashes hashes;
  const TemporaryFile file("abc");

  CHECK(hashes.of(file.fd()) == sha256_of_abc);
  CHECK(hashes.size() == 0);  // a second version within one tick of the clock would look the same
  REQUIRE(::pwrite(file.fd(), "abd", 3, 0) == 3);
  CHECK(hashes.of(file.fd()) != sha256_of_abc);
}

TEST_CASE("a file that has long been so is remembered once") {
  ExecutableHashes hashes;
  const int shell = ::open("/bin/sh", O_RDONLY | O_CLOEXEC);

  const auto first = hashes.of(shell);

  REQUIRE(first);
  CHECK(first->size() == 64);
  CHECK(hashes.of(shell) == first);
  CHECK(hashes.size() == 1);
  ::close(shell);
}

TEST_CASE("the memory of hashes is bounded") {
  ExecutableHashes hashes;
  std::size_t hashed = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/usr/include/linux")) {
    const int fd = ::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
    if (hashes.of(fd)) ++hashed;
    ::close(fd);
    REQUIRE(hashes.size() <= ExecutableHashes::max_entries);
  }
  CHECK(hashed > ExecutableHashes::max_entries);
}

}  // namespace jeton
