// Whatever bytes a sidecar answers with: does every verb of the sdk end in a value or a refusal?
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

#include "fuzz/all.hpp"
#include "jeton/verifier.hpp"
#include "support/forge.hpp"
#include "support/temp_dir.hpp"

namespace jeton::fuzz {
namespace {

/// Answers every connection with the same bytes, once, and closes it: nobody waits for more.
class Parrot {
 public:
  Parrot() : listening_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path().c_str(), sizeof address.sun_path - 1);
    if (::bind(listening_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listening_, 8) != 0)
      throw std::runtime_error("a socket to answer on");
    thread_ = std::thread([this] { answer_all(); });
  }
  ~Parrot() {
    ::shutdown(listening_, SHUT_RDWR);
    thread_.join();
    ::close(listening_);
  }
  Parrot(const Parrot&) = delete;
  Parrot& operator=(const Parrot&) = delete;

  void say(std::string_view answer) {
    const std::lock_guard lock(mutex_);
    answer_ = answer;
  }
  [[nodiscard]] ClientOptions options() const { return {path(), std::chrono::seconds(2)}; }

 private:
  [[nodiscard]] std::filesystem::path path() const { return directory_ / "agent.sock"; }

  void answer_all() {
    std::vector<char> request(64 * 1024);
    for (int fd = -1; (fd = ::accept(listening_, nullptr, nullptr)) >= 0; ::close(fd)) {
      std::string answer;
      {
        const std::lock_guard lock(mutex_);
        answer = answer_;
      }
      if (::recv(fd, request.data(), request.size(), 0) > 0)
        (void)!::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
    }
  }

  testing::TempDir directory_;
  int listening_;
  std::mutex mutex_;
  std::string answer_;
  std::thread thread_;
};

void open_and_mint(const Client& client) {
  auto scope = client.open({.tool = std::string(forge::tool), .server = std::string(forge::server)});
  if (!scope) return;
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto minted = scope->mint(forge::server);
    if (!minted) continue;
    hold(minted->attempt >= 0 && minted->attempt < (std::int64_t{1} << 53), "an attempt is a count");
    hold(minted->expires_at >= 0 && minted->expires_at < (std::int64_t{1} << 53), "an expiry is a time");
  }
  (void)scope->finish(Outcome::ok);
}

void redeem(const ClientOptions& options) {
  const auto verifier = Verifier::connect(std::string(forge::server), options);
  if (!verifier) return;
  static const auto token = forge::good_token();
  const auto redemption = verifier->redeem(token, forge::tool, Json::parse(forge::arguments), "id");
  if (!redemption) return;
  // Only the issuer's own key in the answer makes the token genuine, and only the same call's answer burns it.
  hold(redemption->token.claims().jti == forge::good_claims().jti, "what was redeemed is what was shown");
  hold(redemption->attempt >= 0 && redemption->attempt < (std::int64_t{1} << 53), "an attempt is a count");
  (void)verifier->report(*redemption, {});
}

}  // namespace

void run_answer(Bytes input) {
  static Parrot parrot;
  parrot.say(text_of(input));
  const auto client = Client::connect(parrot.options());
  if (!client) {
    (void)name_of(client.error().code);
    return;
  }
  (void)client->status();
  open_and_mint(*client);
  redeem(parrot.options());
}

std::vector<std::string> seeds_answer() {
  const auto http = [](const std::string& head, const std::string& body) {
    return "HTTP/1.1 " + head + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  };
  const auto claims = forge::good_claims();
  // One body that is a good answer to every request at once.
  const Json everything{{"issuer", forge::issuer},
                        {"txn", claims.txn.text()},
                        {"jti", claims.jti.text()},
                        {"grant", "g"},
                        {"token", "t"},
                        {"attempt", 1},
                        {"expires_at", claims.exp},
                        {"previous", "none"},
                        {"log_index", 7},
                        {"keys", {forge::issuer_key().verifying_key().jwk()}},
                        {"active", true},
                        {"redeemed_at", claims.iat},
                        {"prior_redemptions", 0},
                        {"repeated", false}};
  auto numbers = everything;
  numbers["attempt"] = 1e300;
  return {http("200 OK", everything.dump()),
          http("200 OK", numbers.dump()),
          http("200 OK", R"({"issuer":"x"})"),
          http("403 No", R"({"code":"no_grant","detail":"x","txn":"y","log_index":3})"),
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n2\r\n1}\r\n0\r\n\r\n",
          "HTTP/1.1 200 OK\r\n\r\n"};
}

}  // namespace jeton::fuzz
