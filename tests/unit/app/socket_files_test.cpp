// Sockets go with the daemon that made them, and only those.
#include "app/socket_files.hpp"

#include <unistd.h>

#include "support/catch.hpp"
#include "support/temp_dir.hpp"

namespace {

using jeton::SocketFiles;
using jeton::testing::TempDir;

void bind_and_close(SocketFiles& files, const std::filesystem::path& path) {
  const auto listening = files.bind({path, 0600});
  REQUIRE(listening);
  ::close(*listening);
}

}  // namespace

TEST_CASE("sockets that were bound before a start failed are gone") {
  const TempDir dir;
  jeton::testing::write_bytes(dir / "occupied", "somebody's notes");
  {
    SocketFiles files;
    bind_and_close(files, dir / "first");
    CHECK(std::filesystem::exists(dir / "first"));
    CHECK_FALSE(files.bind({dir / "occupied", 0600}));
  }
  CHECK_FALSE(std::filesystem::exists(dir / "first"));
  CHECK(jeton::testing::bytes_of(dir / "occupied") == "somebody's notes");
}

TEST_CASE("a socket that another daemon put in the place stays") {
  const TempDir dir;
  SocketFiles ours, theirs;
  bind_and_close(ours, dir / "s");
  bind_and_close(theirs, dir / "s");
  ours.remove();
  CHECK(std::filesystem::exists(dir / "s"));
  theirs.remove();
  CHECK_FALSE(std::filesystem::exists(dir / "s"));
}
