// The reviewer's key file: made once, readable by its owner alone, and refused when it is not what was made.
#include "identity/reviewer_key.hpp"

#include <fstream>

#include <sys/stat.h>

#include "support/catch.hpp"
#include "support/temp_dir.hpp"

namespace {

using jeton::make_reviewer_key;
using jeton::read_reviewer_key;
using jeton::testing::bytes_of;
using jeton::testing::TempDir;

void write(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
  ::chmod(file.c_str(), 0600);
}

}  // namespace

TEST_CASE("a reviewer's key that was made is read again and opens what is sealed to its public half") {
  const TempDir dir;
  const auto made = make_reviewer_key(dir / "key");
  REQUIRE(made);
  struct stat info {};
  REQUIRE(::stat((dir / "key").c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0600);
  const auto read = read_reviewer_key(dir / "key");
  REQUIRE(read);
  CHECK(read->sealing_key().text() == made->sealing_key().text());
  CHECK(read->open(made->sealing_key().seal("text")) == "text");
}

TEST_CASE("making a reviewer's key replaces nothing") {
  const TempDir dir;
  write(dir / "key", "something");
  std::filesystem::create_symlink(dir / "nowhere", dir / "link");
  for (const auto* name : {"key", "link", "missing/key"}) {
    const auto made = make_reviewer_key(dir / name);
    REQUIRE_FALSE(made);
    CHECK(made.error().code == jeton::Code::bad_request);
  }
  CHECK(bytes_of(dir / "key") == "something");
  CHECK_FALSE(std::filesystem::exists(dir / "nowhere"));
}

TEST_CASE("a file that is no reviewer's key or that others may read is refused") {
  const TempDir dir;
  REQUIRE(make_reviewer_key(dir / "key"));
  const auto bytes = bytes_of(dir / "key");
  for (const auto& bad : {std::string(), bytes.substr(1), bytes + "x", "x" + bytes.substr(1)}) {
    write(dir / "bad", bad);
    CHECK_FALSE(read_reviewer_key(dir / "bad"));
  }
  CHECK_FALSE(read_reviewer_key(dir / "missing"));
  CHECK_FALSE(read_reviewer_key(dir.path()));
  ::chmod((dir / "key").c_str(), 0640);
  const auto shown = read_reviewer_key(dir / "key");
  REQUIRE_FALSE(shown);
  CHECK_THAT(shown.error().message, Catch::Contains("chmod 0600"));
}
