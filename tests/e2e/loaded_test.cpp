// What the programs bring with them into every start.
#include "support/catch.hpp"
#include "support/run.hpp"

using namespace jeton::outside;

TEST_CASE("no program is linked with what only fetching needs") {
  for (const char* name : {"jetond", "jeton"}) {
    // when: the libraries that the loader must bring are listed
    const auto listed = run({{"readelf", "--dynamic", program(name)}});
    REQUIRE(listed.status == 0);
    CHECK(listed.out.find("libsodium.so") != listed.out.npos);
    // then: libcurl, and with it some thirty others, is none of them
    CHECK(listed.out.find("libcurl") == listed.out.npos);
  }
}
