// Network clients without keys: an assertion is the name of who is believed, once.
#pragma once

#include <map>
#include <set>
#include <string>

#include "identity/clients.hpp"

namespace jeton::testing {

class FakeClients final : public Clients {
 public:
  std::function<void()> errand(const BroughtJwt& jwt) override {
    if (wanted.count(jwt.text()) == 0) return {};
    return [this, key = jwt.text()] { wanted.erase(key); };
  }
  Result<ProvenClient> authenticate(const Presented& presented) override {
    if (!presented.assertion) return refuse(Code::unattested_peer, "no assertion");
    const auto found = clients.find(presented.assertion->text());
    if (found == clients.end()) return refuse(Code::unattested_peer, "not believed");
    if (!used.insert(presented.assertion->text()).second) return refuse(Code::unattested_peer, "used before");
    return found->second;
  }
  bool knows(const PeerCertificate& certificate) const override { return certificate.trusted; }
  Result<ProvenClient> agent_of_assertion(const BroughtJwt& jwt) override {
    const auto found = workloads.find(jwt.text());
    if (found == workloads.end()) return refuse(Code::bad_signature, "not believed");
    return found->second;
  }
  void judge_ahead(const BroughtJwt& jwt) override { ahead.insert(jwt.text()); }
  Result<Subject> subject_of(const BroughtJwt& jwt, std::string_view agent) override {
    const auto found = users.find(jwt.text());
    if (found == users.end()) return refuse(Code::expired, "no such user token");
    if (agent != "spiffe://acme.example/agent/billing") return refuse(Code::wrong_role, "not for this agent");
    return found->second;
  }

  std::map<std::string, ProvenClient> clients, workloads;
  std::map<std::string, Subject> users;
  std::set<std::string> used, wanted, ahead;
};

}  // namespace jeton::testing
