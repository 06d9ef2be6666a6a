// The object graph of jetond, from the inside out: state, keys, ledger, exchange, door, server.
#include "app/app.hpp"

#include <algorithm>
#include <cstdio>
#include <set>

#include <fmt/core.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/config.hpp"
#include "app/confine.hpp"
#include "app/domain_files.hpp"
#include "app/engine.hpp"
#include "app/ledger.hpp"
#include "app/listening.hpp"
#include "app/paths.hpp"
#include "app/private_daemon.hpp"
#include "app/process.hpp"
#include "app/reload.hpp"
#include "app/socket_files.hpp"
#include "app/state_dir.hpp"
#include "app/trust.hpp"
#include "attest/process_view.hpp"
#include "exchange/exchange.hpp"
#include "http/engine_errands.hpp"
#include "http/local_door.hpp"
#include "http/server.hpp"
#include "ops/log.hpp"
#include "ops/notify.hpp"
#include "outbound/curl_fetch.hpp"
#include "policy/grants.hpp"
#include "policy/with_engine.hpp"

namespace jeton {
namespace {

/// What a handful of commits may need; with less nothing can be minted.
constexpr std::int64_t least_free_bytes = 1 << 20;

std::optional<gid_t> socket_group() {
  const auto* group = ::getgrnam("jeton");
  return group == nullptr ? std::nullopt : std::optional(group->gr_gid);
}

/// An agent's own socket is open to whom its directory is made for.
std::optional<gid_t> group_of_directory(const std::filesystem::path& socket) {
  struct stat info {};
  if (::stat(socket.parent_path().c_str(), &info) != 0) return std::nullopt;
  return info.st_gid;
}

std::vector<SocketFile> sockets_of(const Config& config, const std::filesystem::path& main_socket, bool is_private) {
  const bool own_account = config.dev || is_private;
  std::vector<SocketFile> files{
      {main_socket, own_account ? 0600u : 0660u, own_account ? std::nullopt : socket_group()}};
  if (is_private) return files;
  std::set<std::string> seen{main_socket.string()};
  for (const auto& own : config.own_sockets())
    if (seen.insert(own).second) files.push_back({own, 0660, group_of_directory(own)});
  return files;
}

Result<void> make_socket_directory(const std::filesystem::path& socket) {
  const auto directory = socket.parent_path();
  struct stat info {};
  if (directory.empty() || ::stat(directory.c_str(), &info) == 0) return {};
  if (::mkdir(directory.c_str(), 0755) != 0 || ::chmod(directory.c_str(), 0755) != 0)
    return refuse(Code::bad_request,
                  fmt::format("cannot make {} for the socket: {}; name another with --socket", directory.string(),
                              std::error_code(errno, std::generic_category()).message()));
  return {};
}

const char* key_place(bool is_credential) { return is_credential ? "systemd credential" : "file, mode 0600"; }

Json status_of(const Config& config, const std::string& issuer, const std::string& listen, const Ledger& ledger,
               const Keyring& keyring, const Certifier& certifier, PinMethod pin, bool confined,
               const TrustedClients& clients) {
  Json self_redeemed = Json::array();
  Json offline = Json::array();
  for (const auto& server : config.roles.servers) {
    if (!server.match) self_redeemed.push_back(server.url);
    if (server.offline) offline.push_back(server.url);
  }
  const auto& limits = config.limits;
  Json status{{"version", version()},
          {"issuer", issuer},
          {"listen", listen},
          {"trust_domain", config.trust_domain},
          {"dev", config.dev},
          {"durability", name_of(config.durability)},
          {"memory_locked", ledger.memory_locked() && keyring.memory_locked() && certifier.memory_locked()},
          {"seccomp", confined},
          {"domain", certifier.status()},
          {"keys_rotate_at", keyring.rotates_at()},
          {"log_key", key_place(LogSecret::is_credential())},
          {"identity_key", key_place(Certifier::is_credential())},
          {"log", ledger.status()},
          {"checkpoint_places", ledger.places()},
          {"peer_pinning", pin == PinMethod::peer_pidfd ? "SO_PEERPIDFD" : "pidfd_open and start time"},
          {"self_redeemed_servers", std::move(self_redeemed)},
          {"offline_servers", std::move(offline)},
          {"trusted_issuers", clients.status()},
          {"reserve_bytes", config.reserve_bytes},
          {"limits",
           {{"body_bytes", limits.body_bytes},
            {"arguments_bytes", limits.arguments_bytes},
            {"header_bytes", limits.header_bytes},
            {"connections_per_uid", limits.connections_per_uid},
            {"connections_per_address", limits.connections_per_address},
            {"connections", connections_within_descriptors(limits.connections)},
            {"idle_s", limits.idle_s},
            {"request_s", limits.request_s}}}};
  if (const auto& engine = config.engine)
    status["policy_engine"] = {{"engine", name_of(engine->kind)},
                               {"host", engine->host()},
                               {"timeout_ms", engine->timeout_ms},
                               {"send_arguments", engine->send_arguments}};
  return status;
}

void write_gauges(MetricText& text, const TrustedClients& clients) {
  const auto issuers = clients.count();
  text.gauge("jeton_issuers_failing", "Trusted issuers that gave no keys when they were last asked.",
             static_cast<double>(issuers.failing));
  text.gauge("jeton_issuers_without_keys", "Those of which no key is believed any more: their tokens are refused.",
             static_cast<double>(issuers.without));
}

void write_gauges(MetricText& text, const Ledger& ledger, const Keyring& keyring, std::int64_t free_bytes,
                  const Server::Connections& connections) {
  text.counter("jeton_log_signed_events_total", "Events that a checkpoint vouches for.", ledger.signed_size());
  text.gauge("jeton_checkpoint_places_failing", "Places that the newest checkpoint could not be put in.",
             static_cast<double>(ledger.failing_places()));
  text.gauge("jeton_memory_locked", "1 while every key lies in locked memory.",
             ledger.memory_locked() && keyring.memory_locked() ? 1 : 0);
  text.gauge("jeton_disk_free_bytes", "What the log's disk has left.", static_cast<double>(free_bytes));
  text.gauge("jeton_connections", "Open connections.", static_cast<double>(connections.open));
  text.gauge("jeton_connections_without_role", "Those of accounts without a part to play.",
             static_cast<double>(connections.strangers));
  text.counter("jeton_connections_turned_away_total", "Connections that were refused.", connections.turned_away);
  text.gauge("jeton_network_connections", "Open connections over TCP.", static_cast<double>(connections.network));
  text.counter("jeton_network_connections_turned_away_total", "Connections over TCP that were closed at once.",
               connections.network_turned_away);
  text.family("jeton_build_info", "gauge", "Always 1; the version is the label.");
  text.sample("jeton_build_info", fmt::format("{{version=\"{}\"}}", version()), 1);
}

DecodeLimits decode_limits(const Limits& limits) { return {limits.body_bytes, limits.arguments_bytes}; }

ServerLimits server_limits(const Limits& limits) {
  return {limits.body_bytes,
          limits.header_bytes,
          limits.connections_per_uid,
          limits.connections_per_address,
          connections_within_descriptors(limits.connections),
          limits.idle_s,
          limits.request_s};
}

/// How this kernel pins peers, found out on a socket of our own.
PinMethod pin_method_of(const ProcessView& view) {
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return PinMethod::none;
  auto peer = Peer::accept(view, pair[0], "");
  const auto method = peer ? peer->pin_method() : PinMethod::none;
  ::close(pair[0]);
  ::close(pair[1]);
  return method;
}

/// A rule that can never hold is safe, and a riddle to whoever wrote it.
void warn_of_unseen_executables(const Config& config) {
  const auto sight = sight_of_executables();
  const bool wants_paths = config.has_selector(Selector::Kind::path);
  const bool wants_hashes = config.has_selector(Selector::Kind::sha256);
  if (sight == ExecutableSight::nothing && (wants_paths || wants_hashes))
    log_line(Level::warning,
             "unix:path and unix:sha256 never hold for other accounts: jetond lacks CAP_SYS_PTRACE; see the "
             "example executables.conf");
  if (sight == ExecutableSight::hashes && wants_paths)
    log_line(Level::warning,
             "unix:path never holds: jetond has a mount namespace of its own; see the example executables.conf");
}

Result<void> record_start(const Ledger& ledger, Exchange& exchange, const Config& config) {
  return exchange.transact([&] {
    if (const auto& recovered = ledger.recovered())
      exchange.record(EventKind::log_recovered, [&](Event& event) {
        if (!recovered->last) return;
        event.cited_origin = recovered->last->origin;
        event.cited_size = static_cast<std::int64_t>(recovered->last->size);
        event.cited_root = recovered->last->root;
      });
    exchange.record(EventKind::sidecar_started, [](Event& event) {
      event.uid = ::geteuid();
      event.gid = ::getegid();
      event.pid = ::getpid();
      event.detail = version();
    });
    record_loaded(exchange, config);
  });
}

}  // namespace

std::string_view version() { return JETON_VERSION; }

Result<void> run_daemon(const DaemonOptions& options) {
  harden_process();
  const auto state_path = options.state.value_or(default_state());
  const auto config_path = options.config.value_or(default_config(state_path));
  const auto read_config = [&]() -> Result<Config> {
    if (options.dev) return with_listen_option(dev_config(::geteuid()), options.listen);
    auto read = load_config(config_path, ::geteuid());
    if (!read) return read;
    if (options.only_agent) return for_one_agent(std::move(*read), *options.only_agent, *options.socket);
    return with_listen_option(std::move(*read), options.listen);
  };
  auto config = read_config();
  if (!config) return refuse(config.error());
  set_log_level(config->log_level);
  auto listener = bind_listener(*config);
  // libcurl readies itself before the first thread, and only where there is something to fetch.
  const auto fetch = config->fetches() ? make_curl_fetch() : nullptr;
  // Before the first thread, so that each inherits it; from here on there are no more sockets of the network, but for
  // those that something is fetched by.
  const auto confined = give_up_system_calls(config->fetches() ? Network::ip : Network::none);
  if (!confined) log_line(Level::warning, "system calls are not given up", {{"why", confined.error().message}});
  const auto outside = make_outside_policy(*config, ::geteuid(), fetch.get());
  if (!outside) return refuse(outside.error());
  auto state = StateDir::lock(state_path, options.dev);
  if (!state) return refuse(state.error());
  // After the lock: of two daemons of one state directory the second is told about the first, not about its port.
  if (!listener) return refuse(listener.error());
  const SystemClock clock;
  auto opened = Ledger::open({state->path(), config->durability == Durability::full ? Sync::full : Sync::normal,
                              config->trust_domain, config->checkpoint_places, options.accept_rollback},
                             clock);
  if (!opened) return refuse(opened.error());
  auto& ledger = **opened;

  Roles roles(config->roles);
  Grants grants(config->grants);
  Keyring keyring(clock);
  const auto issuer = issuer_of(*config, *listener, ledger.store().id());
  auto identity = Certifier::load_or_make_key(state->path() / identity_file);
  if (!identity) return refuse(identity.error());
  Certifier certifier(std::move(*identity), config->trust_domain, issuer, clock);
  DomainFiles domain(state->path(), certifier);
  if (auto shown = domain.show_request(); !shown) return shown;
  domain.look();
  const PublishedKeys published(keyring, &certifier);
  const auto listening = *listener ? (*listener)->address().text() : "none";
  const WithEngine grants_and_engine(grants);
  const Policy& policy = *outside ? static_cast<const Policy&>(grants_and_engine) : grants;
  Exchange exchange({ledger.store(), policy, roles, keyring, ledger.secret(), clock, issuer});
  TrustedClients clients({fetch.get(), clock, issuer, ::geteuid()});
  const auto prepare = [&](const Config& wanted) -> Result<std::function<void()>> {
    auto trust = prepare_trust(clients, wanted, ::geteuid());
    if (!trust) return trust;
    auto token = prepare_token(outside->get(), wanted, ::geteuid());
    if (!token) return token;
    return [trust = std::move(*trust), token = std::move(*token)] {
      trust();
      token();
    };
  };
  const auto ready = prepare(*config);
  if (!ready) return refuse(ready.error());
  (*ready)();
  const auto view = make_process_view();
  const auto pin = pin_method_of(*view);
  StallGuard guard;
  std::optional<EngineErrands> engine_errands;
  if (*outside)
    engine_errands.emplace(EngineErrands::Parts{exchange, (*outside)->engine, (*outside)->metrics,
                                                std::chrono::milliseconds(config->engine->timeout_ms),
                                                config->engine->send_arguments});
  std::function<void(MetricText&)> gauges;  // the server, which stands behind the door, is counted too
  OAuthDoor oauth({exchange, roles, published, &clients, issuer, decode_limits(config->limits)});
  LocalDoor door({exchange, ledger.store(), roles, published, decode_limits(config->limits),
                  [&] { return status_of(*config, issuer, listening, ledger, keyring, certifier, pin, confined.has_value(), clients); },
                  [&] { return state->free_bytes() >= 0 && state->free_bytes() < config->reserve_bytes; },
                  [&] {
                    ledger.checkpoint();
                    domain.look();
                  },
                  &guard, &oauth, [&](MetricText& text) { gauges(text); }, NetworkRules(issuer),
                  [&] { return state->free_bytes() >= 0 && state->free_bytes() < least_free_bytes; },
                  engine_errands ? &*engine_errands : nullptr});
  Server server(door, *view, server_limits(config->limits), guard);
  gauges = [&](MetricText& text) {
    write_gauges(text, ledger, keyring, state->free_bytes(), server.connections());
    write_gauges(text, clients);
    if (*outside) (*outside)->metrics.write(text);
  };
  server.on_hangup(Reload({config_path, read_config, *config, roles, grants, exchange,
                           [&](const Limits& limits) {
                             door.set_limits(decode_limits(limits));
                             server.set_limits(server_limits(limits));
                           },
                           &guard, prepare}));

  const auto socket =
      options.socket.value_or(config->socket ? std::filesystem::path(*config->socket) : default_socket());
  if (auto made = make_socket_directory(socket); !made) return made;
  const auto own = config->own_sockets();
  if (!options.only_agent && std::find(own.begin(), own.end(), socket.string()) != own.end())
    return refuse(Code::bad_request,
                  fmt::format("jeton:socket:{0} is the socket that everybody may use, so it tells nobody apart; "
                              "give the agent a socket of its own",
                              socket.string()));
  SocketFiles files;
  for (const auto& file : sockets_of(*config, socket, options.only_agent.has_value())) {
    auto bound = files.bind(file);
    if (!bound) return refuse(bound.error());
    server.listen(*bound, file.path);
  }
  if (*listener) {
    auto connectable = std::move(**listener).listen();
    if (!connectable) return refuse(connectable.error());
    server.listen_to_network(*connectable);
  }
  if (auto started = record_start(ledger, exchange, *config); !started) return started;
  if (auto shown = ledger.first_checkpoint(); !shown) return shown;

  server.run([&] {
    if (const auto places = connections_within_descriptors(config->limits.connections);
        places < config->limits.connections)
      log_line(Level::warning, "fewer connections than configured: not enough descriptors; raise LimitNOFILE",
               {{"connections", std::to_string(places)}});
    warn_of_unseen_executables(*config);
    if (config->dev) log_line(Level::warning, "--dev: everything is granted to this account; not for production");
    log_line(
        Level::info, "ready",
        {{"socket", socket.string()}, {"issuer", issuer}, {"durability", std::string(name_of(config->durability))}});
    fmt::print("ready socket={} listen={} state={}\n", socket.string(), listening, state->path().string());
    std::fflush(stdout);
    notify_service_manager("READY=1");
  });
  notify_service_manager("STOPPING=1");
  files.remove();
  log_line(Level::info, "stopped");
  auto stopped = exchange.transact([&] { exchange.record(EventKind::sidecar_stopped); });
  ledger.checkpoint();
  return stopped;
}

}  // namespace jeton
