// libcurl against a real server on this machine: what it brings, what it refuses, and how long it takes at most.
#include "outbound/curl_fetch.hpp"

#include <chrono>
#include <cstdlib>
#include <thread>

#include "support/catch.hpp"
#include "support/loopback_server.hpp"
#include "support/temp_dir.hpp"

namespace jeton::testing {
namespace {

FetchLimits quick(std::int64_t timeout_ms = 5'000) {
  FetchLimits limits;
  limits.timeout_ms = timeout_ms;
  return limits;
}

/// A server that says this to everybody, and keeps the connection.
LoopbackServer::Answer always(std::string answer) {
  return [answer](LoopbackServer::Peer& peer) { peer.send(answer); };
}

struct Given {
  explicit Given(LoopbackServer::Answer answer, const Certificate* certificate = nullptr)
      : server(std::move(answer), certificate) {
    server.start();
  }
  LoopbackServer server;
  std::unique_ptr<Fetch> curl = make_curl_fetch().value();

  Result<std::string> fetch(const FetchLimits& limits = quick()) { return curl->fetch(server.url(), limits); }
  void check_refused(const std::string& why, const FetchLimits& limits = quick()) {
    const auto answer = fetch(limits);
    REQUIRE_FALSE(answer);
    CHECK_THAT(answer.error().message, Catch::StartsWith(server.url()) && Catch::Contains(why));
  }
};

}  // namespace

TEST_CASE("a document is fetched and the connection serves the next one") {
  std::string request;
  Given given([&](LoopbackServer::Peer& peer) {
    request = peer.request();
    peer.send(http_answer("{\"keys\":[]}", "Application/JSON; charset=utf-8"));
  });
  CHECK(given.fetch() == "{\"keys\":[]}");
  CHECK_THAT(request, Catch::StartsWith("GET /jwks HTTP/1.1\r\n") && Catch::Contains("Accept: application/json\r\n"));
  CHECK_THAT(request, !Catch::Contains("Accept-Encoding") && !Catch::Contains("Cookie"));
  CHECK(given.fetch() == "{\"keys\":[]}");
  CHECK(given.server.connections() == 1);
  CHECK(given.server.requests() == 2);
}

TEST_CASE("a body is posted with its headers and nothing of one request is left in the next") {
  std::string request;
  Given given([&](LoopbackServer::Peer& peer) {
    request = peer.request();
    peer.send(http_answer("{\"decision\":true}"));
  });
  CHECK(given.curl->post_json(given.server.url("/decide?tenant=a"), "{\"input\":1}", {{"Authorization", "Bearer x"}},
                              quick()) == "{\"decision\":true}");
  CHECK_THAT(request, Catch::StartsWith("POST /decide?tenant=a HTTP/1.1\r\n") &&
                          Catch::Contains("Content-Type: application/json\r\n") &&
                          Catch::Contains("Authorization: Bearer x\r\n") && Catch::EndsWith("\r\n\r\n{\"input\":1}") &&
                          !Catch::Contains("Expect"));
  CHECK(given.fetch());
  CHECK_THAT(request, Catch::StartsWith("GET /jwks ") && !Catch::Contains("Authorization"));
  CHECK_FALSE(given.curl->post_json(given.server.url(), "{}", {{"X", "a\r\nY: b"}}, quick()));
}

TEST_CASE("a body beyond the limit ends the transfer with its first byte beyond") {
  auto limits = quick();
  limits.bytes = 1000;
  Given at_limit(always(http_answer(std::string(1000, 'x'))));
  CHECK(at_limit.fetch(limits));
  Given declared(always(http_answer(std::string(1001, 'x'))));
  declared.check_refused("more than 1000 bytes", limits);
  // Without a length, without an end.
  Given endless([](LoopbackServer::Peer& peer) {
    peer.send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (peer.send("400\r\n" + std::string(1024, 'x') + "\r\n")) {
    }
  });
  endless.check_refused("more than 1000 bytes", limits);
  Given headers([](LoopbackServer::Peer& peer) {
    peer.send("HTTP/1.1 200 OK\r\n");
    while (peer.send("X-Much: " + std::string(1024, 'x') + "\r\n")) {
    }
  });
  headers.check_refused("more than");
}

TEST_CASE("a server that never answers or hardly does is left in time") {
  Given silent([](LoopbackServer::Peer& peer) { peer.wait_for_end(); });
  const auto begin = std::chrono::steady_clock::now();
  silent.check_refused("did not answer within 200 ms", quick(200));
  Given half([](LoopbackServer::Peer& peer) {
    peer.send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{");
    peer.wait_for_end();
  });
  half.check_refused("did not answer within 200 ms", quick(200));
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
  LoopbackServer nobody_accepts([](LoopbackServer::Peer&) {});
  CHECK_FALSE(silent.curl->fetch(nobody_accepts.url(), quick(200)));
}

TEST_CASE("no redirect is followed wherever it leads") {
  Given target(always(http_answer("{}")));
  for (const auto& status : {"301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 x"})
    for (const auto& to : {target.server.url(), std::string("file:///etc/passwd"), std::string("/other")}) {
      CAPTURE(status, to);
      Given given(always(http_answer("{}", "application/json", status, "Location: " + to + "\r\n")));
      given.check_refused("no redirect is followed");
      CHECK(given.server.requests() == 1);
    }
  CHECK(target.server.requests() == 0);
}

TEST_CASE("what is no 200 of the expected type is no answer") {
  for (const char* status : {"201 Created", "204 No Content", "401 Unauthorized", "404 Not Found", "500 x", "503 x"})
    Given(always(http_answer("{}", "application/json", status))).check_refused("answers " + std::string(status, 3));
  for (const char* type : {"text/html", "application/jsonp", "application/json5", "text/json", ""})
    Given(always(http_answer("{}", type))).check_refused("another content type than application/json");
  auto both = quick();
  both.content_types = {"application/jwk-set+json", "application/json"};
  CHECK(Given(always(http_answer("{}", "application/jwk-set+json"))).fetch(both));
  CHECK(Given(always(http_answer("{}", "application/json"))).fetch(both));
  auto any = quick();
  any.content_types.clear();
  CHECK(Given(always(http_answer("x", "text/plain"))).fetch(any) == "x");
  Given(always("nonsense\r\n\r\n")).check_refused("cannot be asked");
  Given(always("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{}"))
      .check_refused("did not answer", quick(200));
}

TEST_CASE(
    "a certificate that nobody vouches for or that is another's is refused and one that is vouched for is taken") {
  const TempDir directory;
  const auto ours = make_certificate("IP:127.0.0.1");
  const auto others = make_certificate("DNS:other.example");
  const auto file = [&](const std::string& name, const Certificate& certificate) {
    std::ofstream(directory / name) << certificate.certificate;
    auto limits = quick();
    limits.authorities = (directory / name).string();
    return limits;
  };
  const auto believing_ours = file("ours.pem", ours);
  const auto believing_others = file("others.pem", others);

  Given given(always(http_answer("{}")), &ours);
  given.check_refused("a certificate that is not believed");
  given.check_refused("a certificate that is not believed", believing_others);
  CHECK(given.fetch(believing_ours) == "{}");
  // A connection that was made under one belief serves none that has another.
  given.check_refused("a certificate that is not believed");
  Given misnamed(always(http_answer("{}")), &others);
  misnamed.check_refused("a certificate that is not believed", believing_others);
  CHECK(misnamed.server.requests() == 0);
  auto missing = quick();
  missing.authorities = (directory / "missing.pem").string();
  given.check_refused("", missing);
  // Who speaks HTTP where TLS is expected is not believed either.
  Given plain(always(http_answer("{}")));
  CHECK_FALSE(plain.curl->fetch("https" + plain.server.url().substr(4), quick()));
  CHECK(plain.server.requests() == 0);
}

TEST_CASE("no proxy of the environment is used and no URL that may not be fetched is asked") {
  Given proxy(always(http_answer("{\"from\":\"proxy\"}")));
  for (const char* name : {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})
    ::setenv(name, proxy.server.url("").c_str(), 1);
  ::setenv("no_proxy", "", 1);
  Given given(always(http_answer("{\"from\":\"server\"}")));
  CHECK(given.fetch() == "{\"from\":\"server\"}");
  for (const char* name : {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy"})
    ::unsetenv(name);
  CHECK(proxy.server.connections() == 0);
  for (const char* url : {"http://ci.example/jwks", "file:///etc/passwd", "https://user@ci.example/"}) {
    const auto answer = given.curl->fetch(url, quick());
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == Code::bad_request);
  }
  CHECK_THAT(given.curl->fetch("http://ci.example/?secret=1", quick()).error().message, !Catch::Contains("secret"));
}

TEST_CASE("many threads fetch at once") {
  Given given(always(http_answer("{}")));
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      for (int turn = 0; turn < 20; ++turn) good += given.fetch() ? 1 : 0;
    });
  for (auto& thread : threads) thread.join();
  CHECK(good == 160);
}

}  // namespace jeton::testing
