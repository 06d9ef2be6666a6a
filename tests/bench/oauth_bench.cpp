// The OAuth door beside the local one and beside what its proofs cost alone: a token, an exchange, an introspection.
#include <ctime>
#include <thread>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sodium.h>
#include <sys/socket.h>

#include "bench/measure.hpp"
#include "jeton/base64url.hpp"
#include "jeton/http_codec.hpp"
#include "jeton/key.hpp"

namespace jeton::bench {
namespace {

constexpr const char* issuer = "https://bench.local";
constexpr const char* crm = "https://crm.bench.local/mcp";
constexpr const char* agent = "spiffe://bench.local/agent/bench";

/// A connected pair of ends of loopback TCP has no Nagle: a request and its answer are one segment each.
int loopback(std::uint16_t port, bool listening) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto* to = reinterpret_cast<const sockaddr*>(&address);
  const int one = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  const int failed = listening ? ::bind(fd, to, sizeof address) || ::listen(fd, 1) : ::connect(fd, to, sizeof address);
  if (fd < 0 || failed != 0) throw std::runtime_error("loopback");
  return fd;
}

std::uint16_t port_of(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

std::uint16_t free_port() {
  const int fd = loopback(0, true);
  const auto port = port_of(fd);
  ::close(fd);
  return port;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const unsigned char c : text) {
    if (std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_')
      out += static_cast<char>(c);
    else
      out += fmt::format("%{:02X}", c);
  }
  return out;
}

/// One connection over TCP, kept open.
class Wire {
 public:
  explicit Wire(std::uint16_t port) : fd_(loopback(port, false)) {}
  ~Wire() { ::close(fd_); }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  HttpAnswer ask(const std::string& bytes) const {
    if (::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size()))
      throw std::runtime_error("send");
    AnswerDecoder decoder;
    char room[16 * 1024];
    while (!decoder.done()) {
      const auto got = ::recv(fd_, room, sizeof room, 0);
      if (got <= 0) throw std::runtime_error("the connection ended");
      (void)expect(decoder.feed({room, static_cast<std::size_t>(got)}));
    }
    return decoder.take();
  }
  Json granted(const std::string& bytes) const {
    auto answer = ask(bytes);
    if (answer.status != 200) throw std::runtime_error(answer.body);
    return Json::parse(answer.body);
  }

 private:
  int fd_;
};

/// Answers whatever arrives on its one connection with the same few hundred bytes, when it has done its work.
class Echo {
 public:
  Echo(const std::string& answer, const std::function<void()>& work)
      : listening_(loopback(0, true)), thread_([this, answer, work] { serve(answer, work); }) {}
  ~Echo() {
    ::shutdown(listening_, SHUT_RDWR);
    thread_.join();
    ::close(listening_);
  }
  Echo(const Echo&) = delete;
  Echo& operator=(const Echo&) = delete;
  [[nodiscard]] std::uint16_t port() const { return port_of(listening_); }

 private:
  void serve(const std::string& answer, const std::function<void()>& work) const {
    const int fd = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
    char room[16 * 1024];
    while (::recv(fd, room, sizeof room, 0) > 0) {
      work();
      (void)::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
    }
    ::close(fd);
  }
  int listening_;
  std::thread thread_;
};

std::string form(const std::string& target, const std::string& body) {
  return fmt::format(
      "POST {} HTTP/1.1\r\nHost: bench.local\r\nContent-Type: application/x-www-form-urlencoded\r\n"
      "Content-Length: {}\r\n\r\n{}",
      target, body.size(), body);
}

std::string jwt(const Json& claims, const SigningKey& key) {
  auto input = base64url(as_bytes(std::string_view(R"({"alg":"EdDSA","typ":"JWT","kid":"k"})"))) + '.' +
               base64url(as_bytes(claims.dump()));
  return input + '.' + base64url(key.sign(input));
}

/// RFC 7523 section 3, dated as by a clock that is ahead: the daemon has only just started.
std::string proof(const std::string& who, const SigningKey& key) {
  const auto now = static_cast<std::int64_t>(::time(nullptr));
  const Json claims{{"iss", who},     {"sub", who},      {"aud", issuer},
                    {"iat", now + 5}, {"exp", now + 60}, {"jti", random_id()}};
  return "&client_assertion_type=" + escaped("urn:ietf:params:oauth:client-assertion-type:jwt-bearer") +
         "&client_assertion=" + jwt(claims, key);
}

std::string token_fields(const char* grant) {
  const Json detail{{"type", "jeton_tool_call"},
                    {"actions", {"tools/call"}},
                    {"identifier", "read_file"},
                    {"arguments", arguments},
                    {"call_id", "call_12345678"}};
  return std::string("grant_type=") + escaped(grant) + "&resource=" + escaped(crm) +
         "&authorization_details=" + escaped(Json::array({detail}).dump());
}

/// A daemon with one client, one tool server and one issuer of users, each with a key in a file.
struct World {
  World(const std::filesystem::path& bin, const Scratch& scratch) {
    const auto keys = [&scratch](const char* name, const SigningKey& key) {
      auto jwk = key.verifying_key().jwk();
      jwk["kid"] = "k";
      return written(scratch / name, Json{{"keys", {jwk}}}.dump());
    };
    const auto config =
        written(scratch / "oauth.toml",
                fmt::format("trust_domain = \"bench.local\"\nissuer = \"{}\"\n[[agent]]\nname = \"bench\"\n"
                            "match = [\"unix:uid:{}\"]\nkeys = \"{}\"\n[[server]]\nurl = \"{}\"\nkeys = \"{}\"\n"
                            "[[trusted_issuer]]\nname = \"people\"\nissuer = \"https://idp.bench\"\njwks = \"{}\"\n"
                            "delegates_to = [\"bench\"]\n"
                            "[[grant]]\nname = \"bench\"\nagent = \"bench\"\nserver = \"{}\"\ntools = [\"*\"]\n",
                            issuer, ::geteuid(), keys("agent.jwks", client), crm, keys("server.jwks", tool_server),
                            keys("people.jwks", people), crm));
    const auto state = scratch / "oauth.state";
    std::filesystem::create_directory(state);
    std::filesystem::permissions(state, std::filesystem::perms::owner_all);
    socket = scratch / "oauth.sock";
    daemon = std::make_unique<Child>(std::vector<std::string>{(bin / "jetond").string(), "--config", config, "--state",
                                                              state.string(), "--socket", socket.string(), "--listen",
                                                              fmt::format("127.0.0.1:{}", port)});
    // What is dated before the start is refused, and dates are whole seconds.
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  }
  static std::string written(const std::filesystem::path& path, const std::string& text) {
    std::ofstream(path) << text;
    std::filesystem::permissions(path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    return path.string();
  }
  const SigningKey client = SigningKey::generate(), tool_server = SigningKey::generate(),
                   people = SigningKey::generate();
  std::uint16_t port = free_port();
  std::filesystem::path socket;
  std::unique_ptr<Child> daemon;
};

/// One strict verification of a text as long as a client's assertion, by libsodium alone. Never of the one before: a
/// processor that has seen a signature guesses its way through it.
std::function<void()> raw_verification(const SigningKey& key) {
  struct Signed {
    std::string text;
    Signature signature;
  };
  std::vector<Signed> all;
  for (int i = 0; i < 256; ++i) {
    const auto text = random_id() + std::string(398, 'm');
    all.push_back({text, key.sign(text)});
  }
  return [all = std::move(all), bytes = key.verifying_key().bytes(), next = std::size_t{0}]() mutable {
    const auto& [text, signature] = all[next++ % all.size()];
    if (crypto_sign_verify_detached(reinterpret_cast<const unsigned char*>(signature.data()),
                                    reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                                    bytes.data()) != 0)
      throw std::runtime_error("signature");
  };
}

void minting(Report& report, const World& world, const Wire& wire, int rounds) {
  const auto local = connect(world.socket);
  const auto fields = token_fields("client_credentials");
  const auto over_tcp = [&](const std::string& more) {
    const auto bytes = form("/oauth2/token", fields + more + proof(agent, world.client));
    return micros_of([&] { (void)wire.granted(bytes); });
  };
  const auto mint = in_turns(
      rounds, 50, [&] { return over_tcp(""); },
      [&] {
        auto body = mint_body();
        body["server"] = crm;
        return micros_of([&] { expect(local.post("/v1/calls", body)); });
      });
  report.ratio("oauth_mint", quantile(mint.real, 0.5), quantile(mint.floor, 0.5),
               "us p50, client_credentials over TCP beside the local door");
}

/// Of a user's token that nobody has seen before, and nothing of the client's own work. The state is in memory: both
/// sides wait for the same disk, which varies by more than what is measured.
void exchanging(Report& report, const World& world, const std::function<void()>& verification, int rounds) {
  const Wire wire(world.port);
  const auto ask = [&](const std::string& fields) {
    const auto bytes = form("/oauth2/token", fields + proof(agent, world.client));
    HttpAnswer answer;
    const auto took = micros_of([&] { answer = wire.ask(bytes); });
    if (answer.status != 200) throw std::runtime_error(answer.body);
    return took;
  };
  const auto user = [&] {
    const auto now = static_cast<std::int64_t>(::time(nullptr));
    return jwt({{"iss", "https://idp.bench"},
                {"sub", "alice"},
                {"aud", issuer},
                {"iat", now},
                {"exp", now + 600},
                {"jti", random_id()}},
               world.people);
  };
  const auto plain = token_fields("client_credentials");
  const auto exchanged = token_fields("urn:ietf:params:oauth:grant-type:token-exchange") +
                         "&subject_token_type=" + escaped("urn:ietf:params:oauth:token-type:access_token") +
                         "&subject_token=";
  Micros exchanges, mints, verifications;
  // In short turns: what is a difference of two medians must not meet two speeds of the machine.
  for (int turn = 0; turn < rounds * 10; ++turn) {
    for (int i = 0; i < 5; ++i) exchanges.push_back(ask(exchanged + user()));
    for (int i = 0; i < 5; ++i) mints.push_back(ask(plain));
    for (int i = 0; i < 5; ++i) verifications.push_back(micros_of(verification));
  }
  report.ratio("exchange_extra", quantile(exchanges, 0.5) - quantile(mints, 0.5), quantile(verifications, 0.5),
               "us p50, an exchange beyond a mint, in raw verifications");
}

/// The floor does what it stands for: its echo verifies a signature before it answers. A sum of two times would leave
/// out that whoever waits longer sleeps deeper, which is the machine's cost and no daemon's.
void introspecting(Report& report, const World& world, const Wire& wire, const std::function<void()>& verification,
                   int rounds) {
  const auto minted =
      wire.granted(form("/oauth2/token", token_fields("client_credentials") + proof(agent, world.client)));
  const auto token = minted.at("access_token").get<std::string>();
  const auto ask = [&] { return form("/oauth2/introspect", "token=" + token + proof(crm, world.tool_server)); };
  const auto first = wire.ask(ask());
  if (!Json::parse(first.body).at("active").get<bool>()) throw std::runtime_error("not active");
  const Echo echo(fmt::format("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
                              first.body.size(), first.body),
                  verification);
  const Wire floor(echo.port());
  const auto sides = in_turns(
      rounds, 50,
      [&] {
        const auto bytes = ask();
        return micros_of([&] { (void)wire.ask(bytes); });
      },
      [&] {
        const auto bytes = ask();
        return micros_of([&] { (void)floor.ask(bytes); });
      });
  report.ratio("introspect", quantile(sides.real, 0.5), quantile(sides.floor, 0.5),
               "us p50, beside an echo that does one raw verification");
}

}  // namespace

void oauth(Report& report, const std::filesystem::path& bin, bool quick) {
  const Scratch scratch;
  const World world(bin, scratch);
  report.alone("oauth_rss_idle_mib", static_cast<double>(world.daemon->rss_kib()) / 1024,
               "MiB resident, TCP and an issuer configured");
  const Wire wire(world.port);
  const auto verification = raw_verification(world.client);
  const int rounds = quick ? 4 : 20;
  // Introspected while its token is fresh.
  introspecting(report, world, wire, verification, rounds);
  minting(report, world, wire, rounds);
  const Scratch memory("/dev/shm");
  exchanging(report, World(bin, memory), verification, rounds);
}

}  // namespace jeton::bench
