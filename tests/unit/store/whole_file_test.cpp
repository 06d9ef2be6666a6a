// Whose place a file may take, and what is left of one that could not be written.
#include "store/whole_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "identity/key_file.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"

namespace jeton::testing {
namespace {

std::size_t entries(const TempDir& dir) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(dir.path()), {}));
}

}  // namespace

TEST_CASE("a file takes the place of nothing or of this accounts own file and of nothing else") {
  const TempDir dir;
  const auto file = dir / "token";
  CHECK(check_own_place(file));
  write_bytes(file, "of before");
  CHECK(check_own_place(file));

  const auto is_refused = [&](const std::filesystem::path& place) {
    const auto checked = check_own_place(place);
    return !checked && checked.error().code == Code::bad_request;
  };
  std::filesystem::create_symlink(file, dir / "link");
  std::filesystem::create_symlink("/dev/null", dir / "to a device");
  std::filesystem::create_symlink(dir / "nowhere", dir / "dangling");
  std::filesystem::create_directory(dir / "directory");
  REQUIRE(::mkfifo((dir / "fifo").c_str(), 0600) == 0);
  for (const char* name : {"link", "to a device", "dangling", "directory", "fifo"}) {
    CAPTURE(name);
    CHECK(is_refused(dir / name));
    // and: so it is where the file would be written first
    std::filesystem::rename(dir / name, dir / "other.new");
    CHECK(is_refused(dir / "other"));
    std::filesystem::rename(dir / "other.new", dir / name);
  }
  CHECK(is_refused("/dev/null"));
  CHECK(is_refused(file / "below a file"));
  CHECK(is_refused(dir / "no directory" / "file"));
  if (::geteuid() != 0) return;
  REQUIRE(::chown(file.c_str(), 65'533, 65'533) == 0);
  CHECK(is_refused(file));
}

TEST_CASE("what cannot get its name leaves nothing beside it") {
  const TempDir dir;
  std::filesystem::create_directories(dir / "taken" / "by a directory");
  CHECK_FALSE(replace_file(dir / "taken", "text"));
  const Secret secret(32);
  CHECK_FALSE(write_key_file(dir / "taken", {"", "test key", "", 1, 64}, secret));
  CHECK(entries(dir) == 1);
}

}  // namespace jeton::testing
