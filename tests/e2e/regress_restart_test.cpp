// A verifier whose keys are a moment old must not lose a call to a restart of the sidecar.
#include "jeton/verifier.hpp"
#include "support/catch.hpp"
#include "support/daemon.hpp"

namespace jeton::outside {

TEST_CASE("a token minted right after a restart is redeemed by a verifier that fetched its keys just before") {
  const std::string server = "mcp:stdio:files";
  Daemon daemon;
  const auto verifier = Verifier::connect(server, daemon.client_options());
  REQUIRE(verifier);
  const auto redeem_one = [&] {
    auto scope = daemon.client().open({.tool = "read", .server = server});
    REQUIRE(scope);
    const auto minted = scope->mint(server);
    REQUIRE(minted);
    return verifier->redeem(minted->token.expose_for_transport(), "read", Json::object());
  };
  REQUIRE(redeem_one());  // given: keys that are too young to be fetched again

  daemon.kill9();
  daemon.restart();
  const auto redeemed = redeem_one();

  REQUIRE(redeemed);  // then: burned by the sidecar and accepted here as well
  CHECK_FALSE(redeemed->repeated);
}

}  // namespace jeton::outside
