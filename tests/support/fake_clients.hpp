// Network clients without keys: an assertion is the name of who is believed, once.
#pragma once

#include <map>
#include <set>
#include <string>

#include "identity/clients.hpp"

namespace jeton::testing {

class FakeClients final : public Clients {
 public:
  std::function<void()> errand(std::string_view jwt) override {
    if (wanted.count(std::string(jwt)) == 0) return {};
    return [this, key = std::string(jwt)] { wanted.erase(key); };
  }
  Result<Client> authenticate(const Presented& presented) override {
    if (!presented.assertion) return refuse(Code::unattested_peer, "no assertion");
    const auto found = clients.find(*presented.assertion);
    if (found == clients.end()) return refuse(Code::unattested_peer, "not believed");
    if (!used.insert(*presented.assertion).second) return refuse(Code::unattested_peer, "used before");
    return found->second;
  }
  Result<Client> agent_of_assertion(std::string_view jwt) override {
    const auto found = workloads.find(std::string(jwt));
    if (found == workloads.end()) return refuse(Code::bad_signature, "not believed");
    return found->second;
  }
  Result<Subject> subject_of(std::string_view jwt, std::string_view agent) override {
    const auto found = users.find(std::string(jwt));
    if (found == users.end()) return refuse(Code::expired, "no such user token");
    if (agent != "spiffe://acme.example/agent/billing") return refuse(Code::wrong_role, "not for this agent");
    return found->second;
  }

  std::map<std::string, Client> clients, workloads;
  std::map<std::string, Subject> users;
  std::set<std::string> used, wanted;
};

}  // namespace jeton::testing
