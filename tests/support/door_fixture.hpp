// The local door without a socket: requests go in as values, answers come out, and the store may fail.
#pragma once

#include <string>
#include <vector>

#include "http/local_door.hpp"
#include "support/exchange_fixture.hpp"

namespace jeton::testing {

class DoorFixture {
 public:
  Job ask(uid_t uid, const std::string& method, const std::string& target, const std::string& body = "") {
    auto job = job_of(uid, method, target, body);
    answer({&job});
    return job;
  }
  Job post(uid_t uid, const std::string& target, const std::string& body) { return ask(uid, "POST", target, body); }
  Job post(uid_t uid, const std::string& target, const Json& body) { return post(uid, target, body.dump()); }

  static Job job_of(uid_t uid, const std::string& method, const std::string& target, const std::string& body = "") {
    return Job{{method, target, "application/json", body}, caller_of(uid)};
  }
  /// One tick.
  void answer(const std::vector<Job*>& jobs) { door.answer(jobs); }

  [[nodiscard]] Json refund_body() const {
    return {{"server", crm}, {"tool", "refund"}, {"arguments", {{"amount", 1}}}};
  }
  [[nodiscard]] Json redeem_body(const std::string& token, const std::string& id = "id") const {
    auto body = refund_body();
    body["token"] = token;
    body["redemption_id"] = id;
    return body;
  }
  const Event& last() { return company.memory.events().back(); }

  Company company;
  bool disk_low = false;
  OAuthDoor oauth{{company.process->exchange,
                   company.roles,
                   company.process->keyring,
                   nullptr,
                   test_issuer,
                   {},
                   &company.federation}};
  LocalDoor door{{company.process->exchange,
                  company.memory,
                  company.roles,
                  company.process->keyring,
                  {},
                  [] {
                    return Json{{"version", "0"},       {"issuer", test_issuer}, {"dev", false},
                                {"durability", "full"}, {"memory_locked", true}, {"limits", Json::object()}};
                  },
                  [this] { return disk_low; },
                  [] {},
                  nullptr,
                  &oauth}};
};

[[nodiscard]] inline Json body_of(const Job& job) { return Json::parse(job.response.body); }
/// The code of a problem, or "ok".
[[nodiscard]] inline std::string code_of(const Job& job) { return body_of(job).value("code", "ok"); }

}  // namespace jeton::testing
