// The object graph of jetond, from the inside out: state, keys, ledger, exchange, door, server.
#include "app/app.hpp"

#include <algorithm>
#include <atomic>
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
#include "app/reach.hpp"
#include "app/reload.hpp"
#include "app/socket_files.hpp"
#include "app/state_dir.hpp"
#include "app/status.hpp"
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

std::vector<std::filesystem::path> paths_of(const std::vector<SocketFile>& sockets) {
  std::vector<std::filesystem::path> paths;
  for (const auto& socket : sockets) paths.push_back(socket.path);
  return paths;
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

/// Everything about the sockets that needs more of the file system than their directories.
Result<std::vector<SocketFile>> prepare_sockets(const Config& config, const std::filesystem::path& main_socket,
                                                bool is_private) {
  if (auto made = make_socket_directory(main_socket); !made) return refuse(made.error());
  const auto own = config.own_sockets();
  if (!is_private && std::find(own.begin(), own.end(), main_socket.string()) != own.end())
    return refuse(Code::bad_request,
                  fmt::format("jeton:socket:{0} is the socket that everybody may use, so it tells nobody apart; "
                              "give the agent a socket of its own",
                              main_socket.string()));
  return sockets_of(config, main_socket, is_private);
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
  // libcurl is loaded before the first thread, and only where there is something to fetch.
  const auto fetching = config->fetches() ? make_curl_fetch() : nullptr;
  if (!fetching) return refuse(fetching.error());
  const auto& fetch = *fetching;
  // Before the first thread, so that each inherits it; from here on there are no more sockets of the network, but for
  // those that something is fetched by.
  const auto no_calls = give_up_system_calls(config->fetches() ? Network::ip : Network::none);
  if (!no_calls) log_line(Level::warning, "system calls are not given up", {{"why", no_calls.error().message}});
  const auto outside = make_outside_policy(*config, ::geteuid(), fetch.get());
  if (!outside) return refuse(outside.error());
  auto state = StateDir::lock(state_path, options.dev);
  if (!state) return refuse(state.error());
  // After the lock: of two daemons of one state directory the second is told about the first, not about its port.
  if (!listener) return refuse(listener.error());
  auto tls = load_listener_tls(*config, ::geteuid());
  if (!tls) return refuse(tls.error());
  const auto socket =
      options.socket.value_or(config->socket ? std::filesystem::path(*config->socket) : default_socket());
  auto sockets = prepare_sockets(*config, socket, options.only_agent.has_value());
  if (!sockets) return refuse(sockets.error());
  const auto no_files = confine_files(
      *config, {state->path(), config_path, paths_of(*sockets)},
      {landlock_abi(), sight_of_executables(), ::geteuid(), options.only_agent.has_value(), options.accept_rollback});
  if (!no_files) return refuse(no_files.error());
  const Confined confined{no_calls.has_value(), *no_files};
  const SystemClock clock;
  auto opened = Ledger::open({state->path(), config->durability == Durability::full ? Sync::full : Sync::normal,
                              config->trust_domain, config->checkpoint_places, options.accept_rollback},
                             clock);
  if (!opened) return refuse(opened.error());
  auto& ledger = **opened;
  ledger.store().limit(config->log_bytes_max);
  // As the house found it last: status is asked for while the disk hangs, too.
  std::atomic<std::int64_t> log_room{ledger.store().room()};
  const auto room = [&] {
    const auto free = state->free_bytes();
    return free < 0 ? log_room.load() : std::min(free, log_room.load());
  };

  Roles roles(config->roles);
  Grants grants(config->grants);
  KeyMaker key_maker;
  Keyring keyring(clock, roles.algorithms(), &key_maker);
  const auto issuer = issuer_of(*config, *listener, ledger.store().id());
  auto identity = Certifier::load_or_make_key(state->path() / identity_file);
  if (!identity) return refuse(identity.error());
  Certifier certifier(std::move(*identity), config->trust_domain, issuer, clock);
  DomainFiles domain(state->path(), certifier);
  if (auto shown = domain.show_request(); !shown) return shown;
  domain.look();
  domain.settle();
  const PublishedKeys published(keyring, &certifier);
  FederationKeys federation(state->path());
  const auto listening = *listener ? (*listener)->address().text() : "none";
  if (*listener && *tls == nullptr && issuer.starts_with("https://"))
    log_line(Level::warning, "clients reach an https issuer through TLS alone: write [tls], or let a proxy speak it",
             {{"issuer", issuer}, {"listen", listening}});
  const WithEngine grants_and_engine(grants);
  const Policy& policy = *outside ? static_cast<const Policy&>(grants_and_engine) : grants;
  Exchange exchange({ledger.store(), policy, roles, keyring, ledger.secret(), clock, issuer, &federation});
  TrustedClients clients({fetch.get(), clock, issuer, ::geteuid()});
  const auto prepare = [&](const Config& wanted) -> Result<std::function<void()>> {
    auto trust = prepare_trust(clients, wanted, ::geteuid());
    if (!trust) return trust;
    auto token = prepare_token(outside->get(), wanted, ::geteuid());
    if (!token) return token;
    auto keys = federation.want(algorithms_of(wanted.roles.relying_parties));
    if (!keys) return refuse(keys.error());
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
  Tlog tlog([&] { return open_sqlite_reader(state->path() / "jeton.db"); }, ledger.note_key());
  OAuthDoor oauth({exchange, roles, published, &clients, issuer, decode_limits(config->limits), &federation});
  LocalDoor door({exchange, ledger.store(), roles, published, decode_limits(config->limits),
                  [&] {
                    return status_of(*config, issuer, listening, tls->get(), ledger, keyring, certifier, pin, confined,
                                     clients, federation, log_room);
                  },
                  [&] {
                    log_room = ledger.store().room();
                    return room() < config->reserve_bytes;
                  },
                  [&] {
                    ledger.checkpoint();
                    domain.look();
                  },
                  &guard, &oauth, [&](MetricText& text) { gauges(text); }, NetworkRules(issuer),
                  [&] { return room() < least_free_bytes; }, engine_errands ? &*engine_errands : nullptr, &tlog,
                  [&] { domain.settle(); }});
  Server server(door, *view, server_limits(config->limits), guard);
  gauges = [&](MetricText& text) {
    write_gauges(text, ledger, keyring, {state->free_bytes(), config->log_bytes_max, log_room}, server.connections(),
                 tls->get());
    write_gauges(text, clients);
    if (*outside) (*outside)->metrics.write(text);
  };
  server.on_hangup(Reload({config_path, read_config, *config, roles, grants, exchange,
                           [&](const Limits& limits) {
                             ledger.store().limit(config->log_bytes_max);
                             door.set_limits(decode_limits(limits));
                             server.set_limits(server_limits(limits));
                           },
                           &guard, confined.landlocked(),
                           [&](const Config& wanted) -> Result<std::function<void()>> {
                             auto next = load_listener_tls(wanted, ::geteuid(), true);
                             if (!next) return refuse(next.error());
                             auto trust = prepare(wanted);
                             if (!trust) return trust;
                             return [&server, &tls, next = std::move(*next), trust = std::move(*trust)] {
                               server.set_tls(*tls = next);
                               trust();
                             };
                           }}));

  SocketFiles files;
  for (const auto& file : *sockets) {
    auto bound = files.bind(file);
    if (!bound) return refuse(bound.error());
    server.listen(*bound, file.path);
  }
  if (*listener) {
    auto connectable = std::move(**listener).listen();
    if (!connectable) return refuse(connectable.error());
    server.listen_to_network(*connectable, *tls);
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
