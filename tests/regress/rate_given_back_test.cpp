// Does a token that could not be written cost its agent a place under the rate limit?
#include <stdexcept>

#include "exchange/rate.hpp"
#include "jeton/clock.hpp"
#include "support/exchange_fixture.hpp"

namespace jeton::testing {
namespace {

OpenRequest reading() {
  OpenRequest request{binding("read")};
  request.server = files;
  return request;
}

}  // namespace

TEST_CASE("a rate limit's place is given back when the transaction is not durable") {
  // Given a grant that allows three tokens a minute
  Company company;
  auto& exchange = company.process->exchange;
  company.memory.set_disk(MemoryStore::Disk::fails_at_commit);
  for (int i = 0; i < 5; ++i)
    CHECK_FALSE(exchange.transact([&] { (void)exchange.open(caller_of(billing), reading()); }));
  company.memory.set_disk(MemoryStore::Disk::good);

  // Then all three are still to be had, and no more
  for (int i = 0; i < 3; ++i) CHECK(company.open(billing, files, binding("read")));
  CHECK(code_of(company.open(billing, files, binding("read"))) == "rate_limited");
}

TEST_CASE("a rate limit's place is given back when one answer of a transaction is taken back") {
  Company company;
  auto& exchange = company.process->exchange;
  const auto take_back_one = [&] {
    CHECK_THROWS(exchange.isolate([&] {
      CHECK(exchange.open(caller_of(billing), reading()));
      throw std::runtime_error("an answer too long to give");
    }));
  };
  REQUIRE(exchange.transact([&] {
    for (int i = 0; i < 5; ++i) take_back_one();
  }));
  for (int i = 0; i < 3; ++i) CHECK(company.open(billing, files, binding("read")));
}

TEST_CASE("a token that is refused for its length takes no place under the rate limit") {
  // given: one token a minute, of any tool
  Company company;
  const Grants any_tool({{"billing", files, {"*"}, {"reads", 120, 8, 1, 1}}});
  company.process.emplace(company.memory, any_tool, company.roles, company.secret, company.clock);
  const std::string long_name(9'000, 't');

  for (int i = 0; i < 3; ++i) CHECK(code_of(company.open(billing, files, binding(long_name))) == "bad_request");

  CHECK(company.open(billing, files, binding("read")));
  CHECK(code_of(company.open(billing, files, binding("read"))) == "rate_limited");
}

TEST_CASE("a rate limit's places are given back though the machine slept for a minute between two of them") {
  MintRate rate;
  REQUIRE(rate.take("billing", "refunds", 1, 0));
  // The boot clock goes on in a sleeping machine: the first place has ended, and its transaction has not
  REQUIRE(rate.take("billing", "refunds", 1, 61 * us_per_s));
  rate.settle(false);
  CHECK(rate.take("billing", "refunds", 1, 62 * us_per_s));
  CHECK_FALSE(rate.take("billing", "refunds", 1, 63 * us_per_s));
}

}  // namespace jeton::testing
