// Which URLs are asked at all, however they are spelled.
#include "outbound/fetch.hpp"

#include "support/catch.hpp"

TEST_CASE("https is asked everywhere and http on this machine alone") {
  for (const char* url :
       {"https://ci.example", "https://ci.example/", "https://ci.example:8443/jwks?x=1", "https://192.0.2.1/jwks",
        "https://[2001:db8::1]:443/jwks", "https://xn--bcher-kva.example/", "http://localhost",
        "http://localhost:8080/a", "http://127.0.0.1:1/", "http://[::1]/jwks", "http://[::1]:9/jwks"}) {
    CAPTURE(url);
    CHECK(jeton::may_be_fetched(url));
  }
  for (const char* url : {"",
                          "https://",
                          "https:///x",
                          "http://ci.example",
                          "http://127.0.0.1.evil.example/",
                          "http://127.0.0.1@evil.example/",
                          "http://localhost@evil.example",
                          "http://localhost.evil.example",
                          "http://evil.example#localhost",
                          "http://localhost#@evil.example",
                          "http://localhost\\@evil.example",
                          "http://0.0.0.0/",
                          "http://127.1/",
                          "http://2130706433/",
                          "http://0x7f.0.0.1/",
                          "http://[::ffff:127.0.0.1]/",
                          "http://[::1/",
                          "http://::1/",
                          "http://LOCALHOST/",
                          "https://user@ci.example/",
                          "https://user:pw@ci.example/",
                          "https://ci.example:99999/",
                          "https://ci.example:/",
                          "https://ci.example:8a/",
                          "https://ci.example/a b",
                          "https://ci.example/\r\nX: y",
                          "https://ci.example/#x",
                          "https://ci.ex\xc3\xa4mple/",
                          "HTTPS://ci.example/",
                          "ftp://ci.example/",
                          "file:///etc/passwd",
                          "gopher://127.0.0.1/",
                          "//ci.example/",
                          "ci.example",
                          " https://ci.example/",
                          "https://ci.example/{a}",
                          "https://[ci.example]/",
                          "https://a,b/"}) {
    CAPTURE(url);
    CHECK_FALSE(jeton::may_be_fetched(url));
  }
  CHECK_FALSE(jeton::may_be_fetched("https://ci.example/" + std::string(2048, 'a')));
}
