// A program of somebody else: burns a token offline and one at a sidecar, and sees the second use of each refused.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

#include <jeton/client.hpp>
#include <jeton/offline_verifier.hpp>
#include <jeton/verifier.hpp>

namespace {

/// The wall clock of a vector.
class StoppedClock final : public jeton::Clock {
 public:
  explicit StoppedClock(std::int64_t now_s) : now_us_(now_s * jeton::us_per_s) {}
  [[nodiscard]] std::int64_t wall_us() const override { return now_us_; }
  [[nodiscard]] std::int64_t boot_us() const override { return now_us_; }

 private:
  std::int64_t now_us_;
};

void demand(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "outside: not so: %s\n", what);
  std::exit(1);
}

/// The value, or the end of the program with the reason.
template <class T>
T must(jeton::Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "outside: %s\n", result.error().message.c_str());
  std::exit(1);
}

template <class T>
bool is_refused(const jeton::Result<T>& result, jeton::Code code) {
  return !result && result.error().code == code;
}

void burn_offline(const char* vectors, const char* store) {
  std::ifstream file(vectors, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto vector = must(jeton::parse_json(text, jeton::Code::bad_request)).at("vectors").at(0);
  const auto& expect = vector.at("expect");
  demand(vector.at("result") == "ok", "the first vector is good");
  const auto verifier = must(jeton::OfflineVerifier::make(
      {expect.at("server"), expect.at("issuer"), vector.at("jwks"), must(jeton::open_sqlite_replay_store(store)),
       std::make_shared<StoppedClock>(expect.at("now").get<std::int64_t>())}));
  const std::string token = vector.at("token"), tool = expect.at("tool");
  const auto arguments = must(jeton::parse_json(expect.at("arguments").get<std::string>(), jeton::Code::bad_arguments));

  demand(is_refused(verifier.redeem(token, tool, jeton::Json::object()), jeton::Code::args_mismatch),
         "other arguments");
  demand(verifier.redeem(token, tool, arguments).has_value(), "the first use");
  demand(is_refused(verifier.redeem(token, tool, arguments), jeton::Code::already_redeemed), "the second use");
  std::puts("offline: burned once");
}

void burn_at_sidecar(const char* socket) {
  const jeton::ClientOptions options{.socket = socket, .deadline = std::chrono::seconds(20)};
  const auto client = must(jeton::Client::connect(options));
  const jeton::ToolCall call{"refund", {{"order", "A-17"}}, "mcp:stdio:outside"};
  auto scope = must(client.open(call));
  const auto minted = must(scope.mint("mcp:stdio:outside"));
  const auto verifier = must(jeton::Verifier::connect("mcp:stdio:outside", options));
  const auto& token = minted.token.expose_for_transport();
  const auto redeemed = must(verifier.redeem(token, "refund", call.arguments));
  demand(is_refused(verifier.redeem(token, "refund", call.arguments), jeton::Code::already_redeemed), "the second use");
  must(scope.finish({.outcome = jeton::Outcome::ok, .receipt = redeemed.receipt()}));
  std::puts("sidecar: burned once");
}

}  // namespace

/// outside VECTORS STORE SOCKET
int main(int argc, char** argv) {
  demand(argc == 4, "three words");
  burn_offline(argv[1], argv[2]);
  burn_at_sidecar(argv[3]);
  return 0;
}
