// The OAuth door without a socket: forms go in, from the network or from an account, and answers come out.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "support/door_fixture.hpp"
#include "support/fake_clients.hpp"

namespace jeton::testing {

using Fields = std::vector<std::pair<std::string, std::string>>;

[[nodiscard]] inline std::string form_text(const Fields& fields) {
  std::string out;
  const auto escape = [](const std::string& text) {
    std::string escaped;
    for (const unsigned char c : text) {
      const bool plain = std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
      escaped += plain ? std::string(1, static_cast<char>(c)) : fmt::format("%{:02X}", c);
    }
    return escaped;
  };
  for (const auto& [name, value] : fields) out += (out.empty() ? "" : "&") + escape(name) + "=" + escape(value);
  return out;
}

class OAuthFixture : public DoorFixture {
 public:
  OAuthFixture() {
    clients.clients = {
        {"billing's", {ProvenClient::Part::agent, "spiffe://acme.example/agent/billing", "private_key_jwt"}},
        {"crm's", {ProvenClient::Part::server, crm, "tls_client_auth"}},
        {"mail's", {ProvenClient::Part::server, mail, "private_key_jwt"}}};
    clients.workloads = {{"ci job",
                          {ProvenClient::Part::agent, "spiffe://acme.example/agent/billing", "federated_jwt",
                           "https://ci.example", "repo:acme/deploy"}}};
    clients.users = {{"alice's", {"alice", "https://idp.example", company.clock.wall_us() / us_per_s + 3600}}};
    network.emplace(OAuthDoor::Parts{company.process->exchange,
                                     company.roles,
                                     company.process->keyring,
                                     &clients,
                                     test_issuer,
                                     {},
                                     &company.federation});
    both.emplace(LocalDoor::Parts{
        company.process->exchange,
        company.memory,
        company.roles,
        company.process->keyring,
        {},
        [] {
          return Json{{"version", "0"}, {"issuer", test_issuer}, {"dev", false}, {"durability", "full"}};
        },
        [] { return false; },
        [] {},
        nullptr,
        &*network});
  }

  /// From an account, on the socket.
  Job form(uid_t uid, const std::string& target, const Fields& fields) {
    return send({{"POST", target, "application/x-www-form-urlencoded", form_text(fields)}, caller_of(uid)});
  }
  /// Over TCP, by a client that proves itself with this assertion; without one when it is empty.
  Job remote(const std::string& assertion, const std::string& target, Fields fields) {
    if (!assertion.empty()) {
      fields.emplace_back("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
      fields.emplace_back("client_assertion", assertion);
      clients.used.clear();
    }
    return send({{"POST", target, "application/x-www-form-urlencoded", form_text(fields)}, from_network()});
  }
  Job get(const std::string& target, bool over_network = true) {
    return send({{"GET", target, "", ""}, over_network ? from_network() : caller_of(stranger)});
  }
  Job send(Job job) {
    while (auto errand = both->errand(job)) errand();
    both->answer(std::vector<Job*>{&job});
    return job;
  }
  static Caller from_network() {
    Caller caller{.uid = no_uid, .gid = no_uid, .socket = ""};
    caller.remote = "192.0.2.7";
    return caller;
  }

  static Json detail(const Json& more = Json::object()) {
    Json object{{"type", "jeton_tool_call"},
                {"actions", {"tools/call"}},
                {"identifier", "refund"},
                {"arguments", {{"amount", 1}}}};
    object.update(more);
    return object;
  }
  static Fields token_fields(const std::string& grant = "client_credentials", const Json& object = detail()) {
    return {{"grant_type", grant}, {"resource", crm}, {"authorization_details", Json::array({object}).dump()}};
  }
  /// With one field changed, or without it when the value is empty.
  static Fields with(Fields fields, const std::string& name, const std::string& value) {
    std::erase_if(fields, [&](const auto& field) { return field.first == name; });
    if (!value.empty()) fields.emplace_back(name, value);
    return fields;
  }
  std::string token_of(const Job& job) { return body_of(job)["access_token"].get<std::string>(); }

  FakeClients clients;
  std::optional<OAuthDoor> network;
  std::optional<LocalDoor> both;
};

[[nodiscard]] inline std::string error_of(const Job& job) { return body_of(job).value("error", "none"); }

}  // namespace jeton::testing
