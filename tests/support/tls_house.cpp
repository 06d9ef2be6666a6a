// Files that only this account reads, a configuration that names them, and requests by hand.
#include "support/tls_house.hpp"

#include <csignal>

#include <fmt/core.h>
#include <sys/stat.h>

#include "support/catch.hpp"
#include "support/tcp.hpp"

namespace jeton::outside {
namespace {

constexpr const char* host = "jeton.acme.example";

std::string escaped(const std::string& text) {
  std::string out;
  for (const unsigned char c : text) out += fmt::format("%{:02X}", c);
  return out;
}

/// Renamed into place: a daemon that reads meanwhile sees one or the other.
void put(const std::filesystem::path& file, const std::string& text) {
  const auto fresh = file.string() + ".new";
  write_file(fresh, text);
  REQUIRE(::chmod(fresh.c_str(), 0600) == 0);
  std::filesystem::rename(fresh, file);
}

std::string post_bytes(const std::string& target, const std::string& type, const std::string& body) {
  return fmt::format("POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n{}", target, host,
                     type, body.size(), body);
}

}  // namespace

TlsHouse::TlsHouse(const std::string& limits)
    : listener(self_signed({.names = {fmt::format("DNS:{}", host)}})),
      pinned_agent(self_signed()),
      named_agent(authority.issue({.names = {"URI:spiffe://acme.example/agent/deploy"}})),
      named_server(authority.issue({.names = {"DNS:crm.example"}})),
      pinned_server(self_signed({.from = -std::chrono::hours(2), .until = -std::chrono::hours(1)})),
      daemon({.config = config(limits)}) {}

std::string TlsHouse::config(const std::string& limits) const {
  show(listener);
  believe(authority);
  const auto grant = [](const std::string& agent, const std::string& server) {
    return fmt::format(
        "[[grant]]\nname = \"{0}-{1}\"\nagent = \"{0}\"\nserver = \"{1}\"\ntools = "
        "[\"refund\"]\n",
        agent, server);
  };
  return fmt::format(
             "trust_domain = \"acme.example\"\nissuer = \"https://{0}\"\nlisten = \"127.0.0.1:0\"\n[limits]\n{1}\n"
             "[tls]\ncertificate = \"{2}/chain.pem\"\nkey = \"{2}/key.pem\"\nclient_ca = \"{2}/clients.pem\"\n"
             "[[agent]]\nname = \"billing\"\ncertificate = [\"sha256:{3}\"]\n"
             "[[agent]]\nname = \"deploy\"\ncertificate = [\"URI:spiffe://acme.example/agent/deploy\"]\n"
             "[[server]]\nurl = \"{4}\"\ncertificate = [\"DNS:crm.example\"]\n"
             "[[server]]\nurl = \"{5}\"\ncertificate = [\"sha256:{6}\"]\n",
             host, limits, files_.path().string(), pinned_agent.sha256, crm, mail, pinned_server.sha256) +
         grant("billing", crm) + grant("billing", mail) + grant("deploy", crm);
}

TlsClient TlsHouse::connect(const std::optional<Identity>& client, const std::string& from) const {
  return TlsClient(connect_tcp(port_of(daemon), from), {.identity = client});
}

RawAnswer TlsHouse::ask(const std::optional<Identity>& client, const std::string& bytes) const {
  auto connection = connect(client);
  connection.send(bytes);
  return connection.answer().value_or(RawAnswer{});
}

bool TlsHouse::serves(const std::string& from) const {
  auto connection = connect(std::nullopt, from);
  connection.send(get_document("/healthz"));
  const auto answer = connection.answer();
  return answer && answer->status == 200;
}

std::string TlsHouse::token_for(const Identity& client, const std::string& server) const {
  const auto answer = ask(client, post_token(server));
  INFO(answer.head << answer.body);
  REQUIRE(answer.status == 200);
  return Json::parse(answer.body).at("access_token").get<std::string>();
}

std::string TlsHouse::metric(const std::string& name) const {
  const auto text = daemon.client().metrics().value();
  const auto at = text.find("\n" + name + " ");
  return at == text.npos ? "" : text.substr(at + name.size() + 2, text.find('\n', at + 1) - at - name.size() - 2);
}

void TlsHouse::show(const Identity& identity) const {
  put(files_.path() / "chain.pem", identity.certificate);
  put(files_.path() / "key.pem", identity.key);
}

void TlsHouse::believe(const Authority& whom) const { put(files_.path() / "clients.pem", whom.certificate()); }

void TlsHouse::reload(const std::string& expected_event) const {
  const auto where = fmt::format("event = '{}'", expected_event);
  const auto before = ledger.count(where);
  ::kill(daemon.pid(), SIGHUP);
  REQUIRE(eventually([&] { return ledger.count(where) == before + 1; }));
}

std::string get_document(const std::string& target) { return get_from(host, target); }

std::string post_form(const std::string& target, const Fields& fields) {
  std::string body;
  for (const auto& [name, value] : fields) body += (body.empty() ? "" : "&") + name + "=" + escaped(value);
  return post_bytes(target, "application/x-www-form-urlencoded", body);
}

std::string post_token(const std::string& server) {
  const Json detail{{"type", "jeton_tool_call"},
                    {"actions", {"tools/call"}},
                    {"identifier", "refund"},
                    {"arguments", {{"amount", 40}}}};
  return post_form("/oauth2/token", {{"grant_type", "client_credentials"},
                                     {"resource", server},
                                     {"authorization_details", Json::array({detail}).dump()}});
}

std::string post_redeem(const std::string& token, const std::string& server) {
  const Json body{{"token", token},
                  {"server", server},
                  {"tool", "refund"},
                  {"arguments", {{"amount", 40}}},
                  {"redemption_id", "once"}};
  return post_bytes("/v1/redeem", "application/json", body.dump());
}

}  // namespace jeton::outside
