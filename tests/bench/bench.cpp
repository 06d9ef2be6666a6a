// Jeton beside its floor, in turns on one machine: absolute times lie on shared machines, ratios less.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <functional>
#include <map>
#include <thread>

#include <fmt/core.h>
#include <sodium.h>
#include <unistd.h>

#include "bench/process.hpp"
#include "jeton/client.hpp"
#include "jeton/verifier.hpp"

namespace jeton::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;
using Micros = std::vector<double>;

constexpr const char* server = "mcp:stdio:bench";
const Json arguments{{"path", "reports/2026/november.txt"}, {"limit", 4096}, {"reason", std::string(96, 'r')}};

double quantile(Micros sorted, double q) {
  std::sort(sorted.begin(), sorted.end());
  return sorted[static_cast<std::size_t>(q * static_cast<double>(sorted.size() - 1))];
}

double micros_of(const std::function<void()>& work) {
  const auto began = SteadyClock::now();
  work();
  return std::chrono::duration<double, std::micro>(SteadyClock::now() - began).count();
}

template <class T>
T expect(Result<T> result) {
  if (!result) throw std::runtime_error(std::string(name_of(result.error().code)) + ": " + result.error().message);
  return std::move(*result);
}

Client connect(const std::filesystem::path& socket) {
  ClientOptions options;
  options.socket = socket;
  options.deadline = std::chrono::seconds(10);
  return expect(Client::connect(options));
}

Json mint_body() {
  return {{"server", server},
          {"tool", "read_file"},
          {"arguments", arguments},
          {"open_id", random_id()},
          {"call_id", "call_12345678"}};
}

Json redeem_body(const Json& minted) {
  return {{"token", minted.at("token")},
          {"server", server},
          {"tool", "read_file"},
          {"arguments", arguments},
          {"redemption_id", random_id()}};
}

/// jetond and the floor with one durability, side by side.
struct Pair {
  Pair(const std::filesystem::path& bin, const Scratch& scratch, const std::string& durability, bool with_floor = true)
      : config(scratch / (durability + ".toml")), state(scratch / (durability + ".state")) {
    std::filesystem::create_directory(state);
    std::filesystem::permissions(state, std::filesystem::perms::owner_all);
    std::ofstream(config) << fmt::format(
        "trust_domain = \"bench.local\"\ndurability = \"{}\"\n[[agent]]\nname = \"bench\"\nmatch = [\"unix:uid:{}\"]\n"
        "[[server]]\nurl = \"{}\"\n[[grant]]\nname = \"bench\"\nagent = \"bench\"\nserver = \"{}\"\ntools = [\"*\"]\n",
        durability, ::geteuid(), server, server);
    std::filesystem::permissions(config, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    real_socket = scratch / (durability + ".sock");
    floor_socket = scratch / (durability + ".floor.sock");
    const auto began = SteadyClock::now();
    real =
        std::make_unique<Child>(std::vector<std::string>{(bin / "jetond").string(), "--config", config.string(),
                                                         "--state", state.string(), "--socket", real_socket.string()});
    start_ms = std::chrono::duration<double, std::milli>(SteadyClock::now() - began).count();
    if (with_floor)
      floor = std::make_unique<Child>(std::vector<std::string>{(bin / "jeton-floor").string(),
                                                               (scratch / (durability + ".floor.db")).string(),
                                                               durability, floor_socket.string()});
  }
  std::filesystem::path config, state, real_socket, floor_socket;
  std::unique_ptr<Child> real, floor;
  double start_ms = 0;
};

struct Sides {
  Micros real, floor;
};

/// Both sides in turns of `block`, so that a slow minute of the machine meets both.
Sides in_turns(int rounds, int block, const std::function<double()>& real, const std::function<double()>& floor) {
  Sides sides;
  for (int round = 0; round < rounds; ++round) {
    for (int i = 0; i < block; ++i) sides.real.push_back(real());
    for (int i = 0; i < block; ++i) sides.floor.push_back(floor());
  }
  return sides;
}

/// mint + redeem pairs a second, `clients` threads.
double pairs_a_second(const std::filesystem::path& socket, int clients, double seconds, bool real) {
  std::atomic<long> pairs{0};
  std::vector<std::thread> threads;
  const auto end = SteadyClock::now() + std::chrono::duration<double>(seconds);
  for (int i = 0; i < clients; ++i)
    threads.emplace_back([&] {
      const auto client = connect(socket);
      while (SteadyClock::now() < end) {
        const auto minted = expect(client.post("/v1/calls", mint_body()));
        const auto redeemed = expect(client.post("/v1/redeem", redeem_body(minted)));
        if (real && redeemed.at("active") != true) throw std::runtime_error("not redeemed");
        ++pairs;
      }
    });
  for (auto& thread : threads) thread.join();
  return static_cast<double>(pairs) / seconds;
}

class Report {
 public:
  void ratio(const std::string& name, double real, double floor, const std::string& unit, bool more_is_better = false) {
    values_[name] = real;
    values_[name + "_floor"] = floor;
    values_[name + "_ratio"] = real / floor;
    fmt::print("{:<22} {:>10.1f} {:>10.1f} {:>8.2f}   {}{}\n", name, real, floor, real / floor, unit,
               more_is_better ? ", more is better" : "");
    std::fflush(stdout);
  }
  void alone(const std::string& name, double value, const std::string& unit) {
    values_[name] = value;
    fmt::print("{:<22} {:>10.1f} {:>10} {:>8}   {}\n", name, value, "-", "-", unit);
  }
  [[nodiscard]] const std::map<std::string, double>& values() const { return values_; }

 private:
  std::map<std::string, double> values_;
};

void lone_client(Report& report, const Pair& pair, const std::string& durability, int rounds) {
  const auto real = connect(pair.real_socket);
  const auto floor = connect(pair.floor_socket);
  std::vector<Json> tokens;
  const auto mint = in_turns(
      rounds, 100,
      [&] {
        const auto body = mint_body();
        Json answer;
        const auto took = micros_of([&] { answer = expect(real.post("/v1/calls", body)); });
        tokens.push_back(std::move(answer));
        return took;
      },
      [&] {
        const auto body = mint_body();
        return micros_of([&] { expect(floor.post("/v1/calls", body)); });
      });
  report.ratio("mint_" + durability, quantile(mint.real, 0.5), quantile(mint.floor, 0.5), "us p50, one client");
  report.ratio("mint_" + durability + "_p99", quantile(mint.real, 0.99), quantile(mint.floor, 0.99), "us p99");
  // Tokens live 30 s; the newest are young enough whatever the machine did.
  std::reverse(tokens.begin(), tokens.end());
  std::size_t next = 0;
  const auto redeem = in_turns(
      std::min(rounds, 10), 100,
      [&] {
        const auto body = redeem_body(tokens.at(next++));
        return micros_of([&] { expect(real.post("/v1/redeem", body)); });
      },
      [&] {
        const auto body = redeem_body(tokens.front());
        return micros_of([&] { expect(floor.post("/v1/redeem", body)); });
      });
  report.ratio("redeem_" + durability, quantile(redeem.real, 0.5), quantile(redeem.floor, 0.5), "us p50, one client");
}

/// The verifier without I/O, beside libsodium alone, at several sizes of arguments.
void verify_alone(Report& report) {
  const auto key = SigningKey::generate();
  const KeySet keys({key.verifying_key()});
  for (const int size : {200, 2'000, 20'000}) {
    const Json args{{"text", std::string(static_cast<std::size_t>(size), 'a')}};
    TokenClaims claims;
    claims.iss = "urn:bench";
    claims.aud = server;
    claims.sub = claims.client_id = "spiffe://bench.local/agent/bench";
    claims.exp = (claims.iat = 1'795'300'000) + 30;
    claims.jti = Jti::random();
    claims.txn = Txn::random();
    claims.tool = "read_file";
    claims.digest = expect(args_digest(claims.tool, args));
    const auto token = sign_token(claims, key);
    const auto& compact = token.expose_for_transport();
    const auto signing_input = compact.substr(0, compact.rfind('.'));
    const auto signature = key.sign(signing_input);
    const auto sides = in_turns(
        20, 50,
        [&] {
          return micros_of([&] {
            const auto digest = expect(args_digest("read_file", args));
            auto genuine = expect(GenuineToken::verify(expect(UnverifiedToken::parse(compact)), keys));
            expect(VerifiedToken::check(std::move(genuine), {"urn:bench", server, "read_file", digest}));
          });
        },
        [&] {
          return micros_of([&] {
            if (crypto_sign_verify_detached(signature.data(),
                                            reinterpret_cast<const unsigned char*>(signing_input.data()),
                                            signing_input.size(), key.verifying_key().bytes().data()) != 0)
              throw std::runtime_error("signature");
          });
        });
    report.ratio(size == 200 ? "verify" : fmt::format("verify_{}", size), quantile(sides.real, 0.5),
                 quantile(sides.floor, 0.5), fmt::format("us p50, {} bytes of arguments", size));
  }
}

double log_bytes(const std::filesystem::path& state) {
  double bytes = 0;
  for (const char* name : {"jeton.db", "jeton.db-wal"})
    if (std::filesystem::exists(state / name)) bytes += static_cast<double>(std::filesystem::file_size(state / name));
  return bytes;
}

/// Minted, redeemed and reported by both sides, then checkpointed by a clean stop: what a call costs on the disk.
double log_bytes_per_call(const std::filesystem::path& bin, const Scratch& scratch, int calls) {
  std::filesystem::path state;
  double empty = 0;
  {
    Pair pair(bin, scratch, "normal", false);
    state = pair.state;
    const auto client = connect(pair.real_socket);
    pair.real.reset();
    empty = log_bytes(state);
  }
  {
    Pair pair(bin, scratch, "normal", false);
    const auto client = connect(pair.real_socket);
    for (int i = 0; i < calls; ++i) {
      auto body = mint_body();
      body["call_id"] = fmt::format("call_{}", random_id());
      const auto minted = expect(client.post("/v1/calls", body));
      expect(client.post("/v1/redeem", redeem_body(minted)));
      const auto path = fmt::format("/v1/calls/{}/outcome", minted.at("txn").get<std::string>());
      expect(client.post(path, {{"jti", minted.at("jti")}, {"outcome", "ok"}, {"duration_ms", 12}}));
      expect(client.post(path, {{"outcome", "ok"}, {"duration_ms", 14}}));
    }
  }
  return (log_bytes(state) - empty) / calls;
}

int run(const std::filesystem::path& bin, const std::string& json_file, bool quick) {
  Report report;
  const int rounds = quick ? 5 : 30;
  fmt::print("{:<22} {:>10} {:>10} {:>8}\n", "", "jeton", "floor", "ratio");
  {
    const Scratch scratch;
    const Pair full(bin, scratch, "full");
    lone_client(report, full, "full", rounds);
    const Pair normal(bin, scratch, "normal");
    lone_client(report, normal, "normal", rounds);
    report.alone("start_ms", full.start_ms, "ms until ready");
    double real = 0, floor = 0;
    for (int round = 0; round < (quick ? 1 : 3); ++round) {
      real += pairs_a_second(full.real_socket, 32, quick ? 1 : 3, true);
      floor += pairs_a_second(full.floor_socket, 32, quick ? 1 : 3, false);
    }
    report.ratio("pairs_32", real / (quick ? 1 : 3), floor / (quick ? 1 : 3),
                 "mint + redeem pairs a second, 32 clients", true);
    report.alone("rss_mib", static_cast<double>(full.real->rss_kib()) / 1024, "MiB resident after the load");
  }
  verify_alone(report);
  const Scratch scratch;
  report.alone("log_bytes_per_call", log_bytes_per_call(bin, scratch, quick ? 500 : 5000),
               "bytes: minted, redeemed, two outcomes");
  if (!json_file.empty()) {
    const Json document = report.values();
    std::ofstream(json_file) << document.dump(2) << '\n';
  }
  return 0;
}

}  // namespace
}  // namespace jeton::bench

int main(int argc, char** argv) {
  std::string json_file;
  bool quick = false;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--quick") {
      quick = true;
    } else if (word == "--json" && i + 1 < argc) {
      json_file = argv[++i];
    } else {
      fmt::print(stderr, "jeton-bench: unknown option {}; jeton-bench [--quick] [--json FILE]\n", word);
      return 2;
    }
  }
  try {
    return jeton::bench::run(std::filesystem::read_symlink("/proc/self/exe").parent_path(), json_file, quick);
  } catch (const std::exception& error) {
    fmt::print(stderr, "jeton-bench: {}\n", error.what());
    return 1;
  }
}
