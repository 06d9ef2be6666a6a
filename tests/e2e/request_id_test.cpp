// One id for a request, in its answer and on stderr.
#include <csignal>

#include <fmt/core.h>

#include "support/catch.hpp"
#include "support/daemon.hpp"

namespace {

using namespace jeton::outside;

std::string id_in(const RawAnswer& answer) {
  constexpr std::string_view name = "X-Request-Id: ";
  const auto at = answer.head.find(name);
  REQUIRE(at != answer.head.npos);
  return answer.head.substr(at + name.size(), answer.head.find('\r', at) - at - name.size());
}

RawAnswer ask(RawClient& client, std::string_view request) {
  REQUIRE(client.send(request));
  auto answer = client.answer();
  REQUIRE(answer);
  return *answer;
}

std::string config_with(const std::string& level) {
  return fmt::format("trust_domain = \"acme.example\"\nlog_level = \"{}\"\n", level);
}

}  // namespace

TEST_CASE("every answer has an id of its own, and debug says what became of each") {
  Daemon daemon({.config = config_with("debug")});
  RawClient client(daemon.socket());
  const auto first = ask(client, "GET /v1/status HTTP/1.1\r\n\r\n");
  const auto second = ask(client, "GET /nowhere HTTP/1.1\r\n\r\n");
  CHECK(id_in(first) != id_in(second));
  REQUIRE(daemon.stop() == 0);
  const auto said = daemon.said();
  CHECK_THAT(said,
             Catch::Contains(fmt::format("level=debug msg=answered request={} verb=status code=ok", id_in(first))));
  CHECK_THAT(said, Catch::Contains(fmt::format("level=debug msg=answered request={} verb=request code=bad_request",
                                               id_in(second))));
}

TEST_CASE("nobody who does not ask for it gets a line for each request, and a reload changes that") {
  Daemon daemon({.config = config_with("info")});
  RawClient client(daemon.socket());
  (void)ask(client, "GET /v1/status HTTP/1.1\r\n\r\n");
  CHECK(daemon.said().find("msg=answered") == std::string::npos);
  write_file(daemon.home() / "jeton.toml", config_with("debug"));
  ::kill(daemon.pid(), SIGHUP);
  CHECK(eventually([&] {
    (void)ask(client, "GET /v1/status HTTP/1.1\r\n\r\n");
    return daemon.said().find("msg=answered") != std::string::npos;
  }));
}
