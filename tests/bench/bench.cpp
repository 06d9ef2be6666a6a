// Jeton beside its floor, in turns on one machine: absolute times lie on shared machines, ratios less.
#include <atomic>
#include <thread>

#include <sodium.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "bench/measure.hpp"
#include "jeton/event.hpp"
#include "jeton/merkle.hpp"
#include "jeton/verifier.hpp"

namespace jeton::bench {
namespace {

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

/// What the tree adds to one event: its leaf's bytes, their hash, and the edge that takes it. The leaf and one node in
/// 256 lie in pages that the row writes anyway.
double tree_micros() {
  Event event;
  event.kind = EventKind::token_minted;
  event.role = Role::agent;
  event.txn = Txn::random();
  event.jti = Jti::random();
  event.agent = "spiffe://bench.local/agent/bench";
  event.server = server;
  event.tool = "read_file";
  event.grant = "bench";
  event.call_id = "call_12345678";
  event.exe = "/usr/local/bin/an-agent-of-usual-length";
  event.attempt = event.uid = event.gid = event.pid = 1000;
  event.token_sha256 = event.args_mac = Sha256{};
  event.expires_at = event.time_us = 1'795'300'000;
  event.previous = Previous::none;
  TreeEdge edge;
  constexpr int rounds = 100'000;
  return micros_of([&] {
           for (int i = 0; i < rounds; ++i) {
             ++event.time_us;
             edge.append(leaf_hash(event));
           }
         }) /
         rounds;
}

void lone_client(Report& report, const Pair& pair, const std::string& durability, int rounds) {
  const bool quick = rounds < 10;
  const auto real = connect(pair.real_socket);
  const auto floor = connect(pair.floor_socket);
  // Not counted: the floor's write-ahead log grows to its size first, and a commit that lengthens a file costs double.
  (void)in_turns(
      quick ? 1 : 7, 100, [&] { return expect(real.post("/v1/calls", mint_body())), 0.0; },
      [&] { return expect(floor.post("/v1/calls", mint_body())), 0.0; });
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
  if (durability == "full") {
    const auto whole = quantile(mint.real, 0.5);
    report.ratio("tree_cost", whole, whole - tree_micros(), "us, mint_full beside the same without its tree");
  }
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

/// Resident memory just after the start, and what each connection adds that says nothing.
void memory(Report& report, const std::filesystem::path& bin) {
  const Scratch scratch;
  const Pair pair(bin, scratch, "full", false);
  report.alone("rss_idle_mib", static_cast<double>(pair.real->rss_kib()) / 1024, "MiB resident after the start");
  constexpr int count = 100;
  std::vector<int> idle;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof address.sun_path, "%s", pair.real_socket.c_str());
  const auto warm = connect(pair.real_socket);
  expect(warm.status());
  const auto before = pair.real->rss_kib();
  for (int i = 0; i < count; ++i) {
    idle.push_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(idle.back(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("connect");
  }
  expect(warm.status());  // answered after all of them were accepted
  report.alone("rss_per_idle_connection_kib", static_cast<double>(pair.real->rss_kib() - before) / count,
               "KiB, over 100 connections");
  for (const int fd : idle) ::close(fd);
}

void calls(Report& report, const std::filesystem::path& bin, bool quick) {
  const int rounds = quick ? 5 : 30;
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
  report.ratio("pairs_32", real / (quick ? 1 : 3), floor / (quick ? 1 : 3), "mint + redeem pairs a second, 32 clients",
               true);
  report.alone("rss_mib", static_cast<double>(full.real->rss_kib()) / 1024, "MiB resident after the load");
}

void size(Report& report, const std::filesystem::path& bin, bool quick) {
  const Scratch scratch;
  report.alone("log_bytes_per_call", log_bytes_per_call(bin, scratch, quick ? 500 : 5000),
               "bytes: minted, redeemed, two outcomes, tree and indexes included");
}

struct Options {
  std::string json_file, only, python_folder;
  PythonPrograms python;
  bool quick = false;
};

int run(const std::filesystem::path& bin, const Options& options) {
  const auto& [json_file, only, python_folder, programs, quick] = options;
  Report report;
  fmt::print("{:<22} {:>10} {:>10} {:>8}\n", "", "jeton", "floor", "ratio");
  const auto wanted = [&part_wanted = options.only](const char* part) {
    return part_wanted.empty() || part_wanted == part;
  };
  if (wanted("calls")) calls(report, bin, quick);
  if (wanted("memory")) memory(report, bin);
  if (wanted("verify")) verify_alone(report);
  if (wanted("oauth")) oauth(report, bin, quick);
  if (wanted("algorithms")) algorithms(report);
  if (wanted("size")) size(report, bin, quick);
  if (wanted("log")) long_log(report, bin, quick ? 100'000 : 2'000'000);
  if (wanted("python") && !programs.plain.empty()) python(report, bin, python_folder, programs, quick);
  if (!json_file.empty()) {
    const Json document = report.values();
    std::ofstream(json_file) << document.dump(2) << '\n';
  }
  return 0;
}

}  // namespace
}  // namespace jeton::bench

int main(int argc, char** argv) {
  jeton::bench::Options options;
  const std::map<std::string, std::string*> with_value{{"--json", &options.json_file},
                                                       {"--only", &options.only},
                                                       {"--python-folder", &options.python_folder},
                                                       {"--python", &options.python.plain},
                                                       {"--python-langgraph", &options.python.langgraph},
                                                       {"--python-mcp", &options.python.mcp}};
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto option = with_value.find(word);
    if (word == "--quick") {
      options.quick = true;
    } else if (option != with_value.end() && i + 1 < argc) {
      *option->second = argv[++i];
    } else {
      fmt::print(stderr,
                 "jeton-bench: unknown option {}; jeton-bench [--quick] [--json FILE] [--only "
                 "calls|memory|verify|algorithms|oauth|size|log|python]\n",
                 word);
      return 2;
    }
  }
  try {
    return jeton::bench::run(std::filesystem::read_symlink("/proc/self/exe").parent_path(), options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "jeton-bench: {}\n", error.what());
    return 1;
  }
}
