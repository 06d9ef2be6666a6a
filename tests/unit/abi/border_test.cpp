// Does every way C++ can end arrive in C as a code, and none as an exception?
#include "boundary.hpp"

#include <new>
#include <stdexcept>

#include "support/catch.hpp"

namespace jeton::abi {
namespace {

/// What C would see of work that ends so.
template <class Work>
std::pair<jeton_code, std::string> seen(Work&& work) {
  jeton_error* error = nullptr;
  const auto code = guarded(&error, work);
  std::string message = error == nullptr ? "" : jeton_error_message(error, nullptr);
  CHECK(jeton_error_code(error) == (error == nullptr ? jeton_code{JETON_OK} : code));
  jeton_error_free(error);
  CHECK(guarded(nullptr, work) == code);
  return {code, message};
}

}  // namespace

TEST_CASE("work that ends well is ok and leaves no error", "[abi]") {
  CHECK(seen([]() -> Result<void> { return {}; }) == std::pair{jeton_code{JETON_OK}, std::string()});
}

TEST_CASE("a refusal keeps its code and its words", "[abi]") {
  CHECK(seen([]() -> Result<void> { return refuse(Code::no_grant, "why"); }) ==
        std::pair{jeton_code{JETON_NO_GRANT}, std::string("why")});
}

TEST_CASE("an exception becomes internal whatever it is", "[abi]") {
  const auto [code, message] = seen([]() -> Result<void> { throw std::runtime_error("boom"); });
  CHECK(code == JETON_INTERNAL);
  CHECK_THAT(message, Catch::Contains("boom"));
  CHECK(seen([]() -> Result<void> { throw std::bad_alloc(); }).first == JETON_INTERNAL);
  CHECK(seen([]() -> Result<void> { throw 7; }).first == JETON_INTERNAL);
}

TEST_CASE("a pointer that must not be null is a bad request", "[abi]") {
  CHECK(seen([]() -> Result<void> {
          (void)at(static_cast<jeton_buffer*>(nullptr));
          return {};
        }).first == JETON_BAD_REQUEST);
  CHECK(seen([]() -> Result<void> {
          (void)text(nullptr, 1);
          return {};
        }).first == JETON_BAD_REQUEST);
  CHECK(text(nullptr, 0).empty());
}

TEST_CASE("a handle is given or nothing is", "[abi]") {
  auto* buffer = reinterpret_cast<jeton_buffer*>(1);
  CHECK(give(&buffer, nullptr, []() -> Result<std::string> { throw std::runtime_error("boom"); }) == JETON_INTERNAL);
  CHECK(buffer == nullptr);
  CHECK(give(&buffer, nullptr, []() -> Result<std::string> { return "text"; }) == JETON_OK);
  std::size_t size = 0;
  CHECK(std::string(jeton_buffer_data(buffer, &size)) == "text");
  CHECK(size == 4);
  jeton_buffer_free(buffer);
}

TEST_CASE("the numbers of the header are those of the table", "[abi]") {
  CHECK(static_cast<int>(Code::bad_request) == JETON_BAD_REQUEST);
  CHECK(static_cast<int>(Code::internal) == JETON_INTERNAL);
  CHECK(static_cast<int>(Code::already_redeemed) == JETON_ALREADY_REDEEMED);
  CHECK(static_cast<int>(all_codes().back().code) == JETON_SIDECAR_UNAVAILABLE);
  for (const auto& row : all_codes()) CHECK(jeton_code_name(static_cast<jeton_code>(row.code)) == row.name);
}

TEST_CASE("a fault below the arguments is theirs and another one the request's", "[abi]") {
  const auto of_arguments = read_object(R"({"arguments":{"a":1,"a":2}})");
  REQUIRE_FALSE(of_arguments);
  CHECK(of_arguments.error().code == Code::bad_arguments);
  CHECK(of_arguments.error().pointer == "/arguments/a");
  for (const char* text : {R"({"argumentsx":{"a":1,"a":2}})", R"({"a":1,"a":2})", "[]", "", R"({"arguments":{)"}) {
    const auto read = read_object(text);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == Code::bad_request);
  }
}

}  // namespace jeton::abi
