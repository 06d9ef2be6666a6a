// The root key's file: made once, private, and read only where it is what it says.
#include "identity/root_key.hpp"

#include <sys/stat.h>

#include "support/catch.hpp"
#include "support/temp_dir.hpp"

namespace {

using jeton::Code;
using jeton::make_root_key;
using jeton::read_root_key;
using jeton::testing::bytes_of;
using jeton::testing::TempDir;
using jeton::testing::write_bytes;

}  // namespace

TEST_CASE("a root key is made private and once and read as it was made") {
  const TempDir dir;
  const auto file = dir / "root";
  const auto before = ::umask(0);
  const auto made = make_root_key(file, "acme.example");
  ::umask(before);
  REQUIRE(made);
  struct stat info {};
  REQUIRE(::lstat(file.c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0600);
  const auto read = read_root_key(file);
  REQUIRE(read);
  CHECK(read->trust_domain == "acme.example");
  CHECK(read->root().text() == made->root().text());

  const auto bytes = bytes_of(file);
  const auto again = make_root_key(file, "other.example");
  REQUIRE_FALSE(again);
  CHECK(again.error().code == Code::bad_request);
  CHECK((bytes_of(file) == bytes));
  CHECK(make_root_key(dir / "other", "acme.example")->root().text() != made->root().text());
}

TEST_CASE("a root key that others may read or that is none is not used") {
  const TempDir dir;
  const auto file = dir / "root";
  REQUIRE(make_root_key(file, "acme.example"));
  const auto whole = bytes_of(file);
  const auto code_of = [&] {
    const auto read = read_root_key(file);
    return read ? std::string("ok") : std::string(name_of(read.error().code));
  };
  for (const mode_t mode : {0640, 0604, 0620, 0602}) {
    REQUIRE(::chmod(file.c_str(), mode) == 0);
    CHECK(code_of() == "bad_request");
  }
  REQUIRE(::chmod(file.c_str(), 0400) == 0);
  CHECK(code_of() == "ok");
  REQUIRE(::chmod(file.c_str(), 0600) == 0);
  auto other_domain = whole, no_line = whole;
  other_domain[20] = 'A';
  no_line[whole.size() - 33] = 'x';
  for (const auto& bytes : {std::string(), whole.substr(0, whole.size() - 1), whole + "x", other_domain, no_line,
                            "jeton identity 1\n" + whole.substr(17), whole + std::string(400, 'x')}) {
    write_bytes(file, bytes);
    CHECK(code_of() == "bad_request");
  }
  CHECK_FALSE(read_root_key(dir / "nowhere"));
}
