// A daemon whose own account is agent and server, with limits to taste, and how every hostile request must end.
#pragma once

#include <string>

#include <fmt/core.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "support/daemon.hpp"
#include "support/ledger.hpp"

namespace jeton::outside {

inline const std::string mint_body = R"({"server":"mcp:stdio:x","tool":"t","arguments":{}})";

inline std::string config_with(const std::string& limits) {
  return fmt::format(
      "trust_domain = \"acme.example\"\n[limits]\n{}\n"
      "[[agent]]\nname = \"self\"\nmatch = [\"unix:uid:{}\"]\n"
      "[[server]]\nurl = \"mcp:stdio:x\"\n"
      "[[grant]]\nname = \"all\"\nagent = \"self\"\nserver = \"mcp:stdio:x\"\ntools = [\"*\"]\n",
      limits, ::geteuid());
}

class DoorFixture {
 public:
  explicit DoorFixture(const std::string& limits = "")
      : daemon_({.config = config_with(limits)}), ledger_(daemon_.state()) {}
  ~DoorFixture() {
    CHECK(daemon_.alive());
    CHECK(mints());
  }
  DoorFixture(const DoorFixture&) = delete;
  DoorFixture& operator=(const DoorFixture&) = delete;

  [[nodiscard]] const Daemon& daemon() const { return daemon_; }
  [[nodiscard]] const Ledger& ledger() const { return ledger_; }
  [[nodiscard]] RawClient connect() const { return RawClient(daemon_.socket()); }

  /// Whether an honest agent is served.
  [[nodiscard]] bool mints() const {
    auto client = connect();
    client.send(post("/v1/calls", mint_body));
    const auto answer = client.answer();
    return answer && answer->status == 200 && answer->body.find("\"token\"") != std::string::npos;
  }

  /// How many refusals with this code are on record.
  [[nodiscard]] long refusals(const std::string& code) const {
    return ledger_.count(fmt::format("event = 'request.refused' AND code = '{}'", code));
  }

  /// Sends bytes on a new connection; the first answer.
  [[nodiscard]] RawAnswer answer_to(const std::string& bytes) const {
    auto client = connect();
    client.send(bytes);
    return client.answer().value_or(RawAnswer{});
  }

  /// The bytes are refused with this code, and that is on record.
  void check_refused(const std::string& bytes, const std::string& code) const {
    INFO(bytes.substr(0, 200));
    const auto before = refusals(code);
    const auto answer = answer_to(bytes);
    CHECK(answer.code() == code);
    CHECK(answer.status == facts(code_named(code).value()).http);
    CHECK(refusals(code) == before + 1);
  }

  /// The same, and then the connection ends.
  void check_refused_and_closed(const std::string& bytes, const std::string& code = "bad_request") const {
    INFO(bytes.substr(0, 200));
    auto client = connect();
    client.send(bytes);
    const auto answer = client.answer();
    REQUIRE(answer);
    CHECK(answer->code() == code);
    CHECK(answer->head.find("Connection: close") != std::string::npos);
    CHECK(client.ends());
  }

 private:
  Daemon daemon_;
  Ledger ledger_;
};

}  // namespace jeton::outside
