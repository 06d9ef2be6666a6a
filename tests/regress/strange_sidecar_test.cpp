// Does an answer of the wrong types reach the caller as a refusal, and never as an exception?
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <thread>

#include <fmt/core.h>

#include "jeton/client.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"

namespace jeton {
namespace {

/// Listens as a sidecar would, and answers the first requests with these, each on a connection of its own.
class StrangeSidecar {
 public:
  explicit StrangeSidecar(std::vector<std::string> answers) : path_(directory_.path() / "agent.sock") {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
    listening_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(::bind(listening_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listening_, 8) == 0);
    thread_ = std::thread([this, answers = std::move(answers)] {
      for (const auto& answer : answers) {
        const int client = ::accept(listening_, nullptr, nullptr);
        if (client < 0) return;
        char request[4096];
        if (::recv(client, request, sizeof request, 0) > 0) [[maybe_unused]]
          const auto sent = ::send(client, answer.data(), answer.size(), MSG_NOSIGNAL);
        ::close(client);
      }
    });
  }
  ~StrangeSidecar() {
    ::shutdown(listening_, SHUT_RDWR);
    thread_.join();
    ::close(listening_);
  }

  [[nodiscard]] ClientOptions options() const {
    ClientOptions options;
    options.socket = path_;
    options.deadline = std::chrono::seconds(5);
    return options;
  }

 private:
  testing::TempDir directory_;
  std::filesystem::path path_;
  int listening_ = -1;
  std::thread thread_;
};

std::string answer(int status, const std::string& body) {
  return fmt::format("HTTP/1.1 {} x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{}", status, body.size(), body);
}

const std::string good_status = answer(200, R"({"issuer":"urn:uuid:x"})");

}  // namespace

TEST_CASE("a refusal whose members have other types is no answer of a sidecar") {
  for (const char* body : {R"({"code":5,"detail":"x"})", R"({"code":null})", R"({"code":["expired"]})", "[]", "5"}) {
    StrangeSidecar sidecar({answer(403, body)});
    const auto client = Client::connect(sidecar.options());
    REQUIRE_FALSE(client);
    CHECK(client.error().code == Code::sidecar_unavailable);
  }
}

TEST_CASE("a refusal whose detail is no text keeps its code") {
  StrangeSidecar sidecar({answer(403, R"({"code":"no_grant","detail":7,"txn":1,"log_index":-1})")});
  const auto client = Client::connect(sidecar.options());
  REQUIRE_FALSE(client);
  CHECK(client.error().code == Code::no_grant);
  CHECK(client.error().message.empty());
}

TEST_CASE("an opened call whose txn is no text is no answer of a sidecar") {
  for (const char* body :
       {R"({"txn":5,"grant":"g"})", R"({"txn":{},"grant":"g"})", R"({"txn":"AAAAAAAAAAAAAAAAAAAAAA","grant":1})"}) {
    StrangeSidecar sidecar({good_status, answer(200, body)});
    const auto client = Client::connect(sidecar.options());
    REQUIRE(client);
    const auto scope = client->open({.tool = "t"});
    REQUIRE_FALSE(scope);
    CHECK(scope.error().code == Code::sidecar_unavailable);
  }
}

TEST_CASE("a minted token whose numbers are no counts is no answer of a sidecar") {
  for (const char* member : {R"("attempt":1e300)", R"("attempt":-1)", R"("expires_at":1.5)", R"("log_index":true)"}) {
    auto body = Json{{"txn", "AAAAAAAAAAAAAAAAAAAAAA"},
                     {"grant", "g"},
                     {"token", "t"},
                     {"jti", "AAAAAAAAAAAAAAAAAAAAAA"},
                     {"attempt", 1},
                     {"expires_at", 2},
                     {"log_index", 3}};
    body.merge_patch(Json::parse("{" + std::string(member) + "}"));
    StrangeSidecar sidecar({good_status, answer(200, body.dump())});
    const auto client = Client::connect(sidecar.options());
    REQUIRE(client);
    const auto scope = client->open({.tool = "t", .server = "mcp:stdio:s"});
    REQUIRE_FALSE(scope);
    CHECK(scope.error().code == Code::sidecar_unavailable);
  }
}

}  // namespace jeton
