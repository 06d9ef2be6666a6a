// Form bodies: one value a name, nothing guessed.
#include "http/form.hpp"

#include "support/catch.hpp"

namespace {

jeton::Result<jeton::Form> form_of(const std::string& body,
                                   const std::string& type = "application/x-www-form-urlencoded") {
  return jeton::Form::of({"POST", "/oauth2/token", type, body});
}

}  // namespace

TEST_CASE("a form of another content type is not read") {
  for (const char* type : {"", "application/json", "text/plain", "multipart/form-data; boundary=x",
                           "application/x-www-form-urlencodedx", "application/x-www-form-urlencode"}) {
    CAPTURE(type);
    CHECK_FALSE(form_of("a=b", type));
  }
  CHECK(form_of("a=b", "Application/X-WWW-Form-Urlencoded ; charset=UTF-8"));
}

TEST_CASE("rfc6749_3_2_a_parameter_that_stands_twice_is_refused") {
  CHECK_FALSE(form_of("a=1&a=1"));
  CHECK_FALSE(form_of("a=1&%61=2"));
  CHECK_FALSE(form_of("a=&a=2"));
}

TEST_CASE("rfc6749_3_2_a_parameter_without_a_value_counts_as_left_out") {
  const auto form = form_of("a=&b&c=x");
  REQUIRE(form);
  CHECK_FALSE(form->has("a"));
  CHECK_FALSE(form->has("b"));
  CHECK(form->text("c") == "x");
}

TEST_CASE("what is no percent encoded utf8 is refused") {
  for (const char* body : {"a=%", "a=%4", "a=%zz", "a=%ff", "a=%ed%a0%80", "%00%fe=x", "a=\xff", "a=%c0%80"}) {
    CAPTURE(body);
    CHECK_FALSE(form_of(body));
  }
}

TEST_CASE("plus is a space and escapes are bytes") {
  const auto form = form_of("a+b=c%2Bd+%C3%BC&e=1%3D2=3");
  REQUIRE(form);
  CHECK(form->text("a b") == "c+d \xC3\xBC");
  CHECK(form->text("e") == "1=2=3");
}

TEST_CASE("a form has at most sixty four parameters") {
  std::string body;
  for (int i = 0; i < 64; ++i) body += "p" + std::to_string(i) + "=1&";
  CHECK(form_of(body));
  CHECK_FALSE(form_of(body + "one=more"));
}
