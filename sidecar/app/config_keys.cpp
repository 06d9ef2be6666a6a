// Every key of the configuration, once: its place, type, default, range and sentence.
#include "app/config.hpp"

#include <array>
#include <limits>

namespace jeton {

namespace {

constexpr std::int64_t no_max = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t mebibyte = 1 << 20;

// section, key, type, default, unit, sentence, required, min, max
constexpr auto keys = std::to_array<ConfigKey>({
    {"", "trust_domain", "string", "", "", "The SPIFFE trust domain: agents are spiffe://TRUST_DOMAIN/agent/NAME.",
     true},
    {"", "issuer", "string", "", "", "The https URL tokens name as their issuer; needed to listen on TCP."},
    {"", "listen", "string", "\"none\"", "",
     "Where to listen over TCP: an IP address and a port, [in brackets] for IPv6; without [tls] loopback only."},
    {"", "durability", "string", "\"full\"", "",
     "full: an answer survives the machine's crash; normal: only the daemon's."},
    {"", "landlock", "string", "\"auto\"", "",
     "Give up all files but STATE and what is named here, and the sight of executables: auto (where none is lost), on, "
     "off."},
    {"", "log_level", "string", "\"info\"", "",
     "What stderr says: debug (a line for each request, with its id), info, warning or error."},
    {"", "reserve_bytes", "integer", "67108864", "bytes",
     "Free disk kept for mint, redeem, outcome and revoke; below it refusals are only counted.", false, 0, no_max},
    {"", "log_bytes_max", "integer", "0", "bytes",
     "How long jeton.db may become; reserve_bytes of it are a reserve as well. 0: as long as the disk has room.", false,
     0, no_max},
    {"", "retain_days", "integer", "0", "days",
     "How long events stay in the log: jeton log archive takes older ones, jeton doctor says when there are. 0: for "
     "ever.",
     false, 0, 36500},
    {"", "socket", "string", "", "", "The Unix socket agents and tool servers connect to."},

    {"", "checkpoint_places", "strings", "", "",
     "Where checkpoints go beside STATE: files out of this host's reach, or \"syslog\"."},
    {"", "reviewer_key", "string", "", "",
     "The public key that recorded arguments are sealed to; jeton log args --make-key FILE makes it."},

    {"limits", "body_bytes", "integer", "1048576", "bytes", "The largest body of a request.", false, 1024,
     64 * mebibyte},
    {"limits", "arguments_bytes", "integer", "262144", "bytes",
     "The largest arguments of a call, in canonical form; no more than body_bytes.", false, 2, 64 * mebibyte},
    {"limits", "header_bytes", "integer", "16384", "bytes", "The largest header of a request.", false, 1024, mebibyte},
    {"limits", "connections_per_uid", "integer", "128", "", "Open connections of one account.", false, 1, 65536},
    {"limits", "connections_per_address", "integer", "64", "",
     "Open connections of one address over TCP; of IPv6 a /64 is one.", false, 1, 65536},
    {"limits", "connections", "integer", "1024", "", "Open connections in all; TCP has at most half of them.", false, 1,
     65536},
    {"limits", "idle_s", "integer", "60", "seconds", "How long a connection may stay silent.", false, 1, 3600},
    {"limits", "request_s", "integer", "5", "seconds", "How long one request may take.", false, 1, 300},

    {"tls", "certificate", "string", "", "",
     "The PEM file of the certificate to listen with, and those that lead to a root.", true},
    {"tls", "key", "string", "", "", "The PEM file of its key: the daemon's account's own, 0400, without a passphrase.",
     true},
    {"tls", "client_ca", "string", "", "", "A PEM file of the authorities whose clients' certificates are trusted."},

    {"policy", "engine", "string", "", "",
     "What else decides: authzen (AuthZEN Authorization API 1.0) or opa; it can refuse what a grant permits, no more.",
     true},
    {"policy", "url", "string", "", "",
     "What is asked: https, or http on this machine; of OPA the rule, /v1/data/PACKAGE/RULE.", true},
    {"policy", "timeout_ms", "integer", "100", "milliseconds",
     "How long a decision may take, the wait for its turn included; then the call is refused.", false, 1, 1000},
    {"policy", "token_file", "string", "", "",
     "A file with the bearer token that the engine knows jetond by; mode 0600, read again at SIGHUP."},
    {"policy", "ca_file", "string", "", "",
     "PEM file of the authorities that vouch for the engine; without it the system's."},
    {"policy", "send_arguments", "boolean", "false", "",
     "Send each call's arguments too; else only their digest, and whoever reads the engine's log learns none."},

    {"agent", "name", "string", "", "", "The agent's name, the last part of its SPIFFE ID.", true},
    {"agent", "match", "strings", "", "",
     "Selectors that must all hold for a peer to be this agent; the first agent that matches wins."},
    {"agent", "keys", "string", "", "",
     "A file with the JWK Set of this agent's public keys (private_key_jwt); read at start and at SIGHUP."},
    {"agent", "certificate", "strings", "", "",
     "TLS client certificates that are this agent: \"sha256:X5T\", or of a believed authority \"URI:...\", "
     "\"DNS:...\"."},

    {"server", "url", "string", "", "", "The tool server's resource URL, or mcp:stdio:NAME for a local stdio server.",
     true},
    {"server", "match", "strings", "", "",
     "Selectors that must all hold for a peer to redeem; without them any attested peer may."},
    {"server", "verify", "string", "\"online\"", "",
     "online: it redeems here; offline: it burns in its own store and reports, and needs match."},
    {"server", "alg", "string", "\"EdDSA\"", "",
     "What signs its tokens: EdDSA, ES256 or RS256, whose first key takes a second or so to make."},
    {"server", "delegates_to", "strings", "", "",
     "Agents behind it: a token redeemed here lets them call on for whom it was minted for."},
    {"server", "keys", "string", "", "",
     "A file with the JWK Set of this server's public keys (private_key_jwt); read at start and at SIGHUP."},
    {"server", "certificate", "strings", "", "",
     "TLS client certificates that are this server, written as for an agent."},

    {"trusted_issuer", "name", "string", "", "", "Named in messages about this entry.", true},
    {"trusted_issuer", "issuer", "string", "", "", "What its tokens have as iss, byte for byte.", true},
    {"trusted_issuer", "jwks", "string", "", "",
     "Where its public keys are: an https URL, or the absolute path of a JWK Set.", true},
    {"trusted_issuer", "jwks_ca", "string", "", "",
     "A PEM file of the authorities for that URL; without it those of the system."},
    {"trusted_issuer", "audience", "string", "", "", "What its tokens must have as aud; without it our own issuer."},
    {"trusted_issuer", "claims", "strings", "", "",
     "Equalities that must all hold: \"environment=production\", or with a JSON Pointer \"/a/b=c\"."},
    {"trusted_issuer", "sub_prefix", "string", "", "", "What sub must begin with."},
    {"trusted_issuer", "agent", "string", "", "",
     "The name of the [[agent]] that its tokens are the identity of; needs claims or sub_prefix."},
    {"trusted_issuer", "delegates_to", "strings", "", "",
     "Names of the agents that may act for the users its tokens are of."},
    {"trusted_issuer", "algs", "strings", "[\"EdDSA\", \"ES256\", \"RS256\"]", "", "The algorithms it may sign with."},
    {"trusted_issuer", "max_age_s", "integer", "", "seconds",
     "How long its tokens may live; without it 3600 as an identity and 86400 for a user.", false, 1, 604800},

    {"operator", "match", "strings", "", "",
     "Who may revoke and disable; without any [[operator]]: the daemon's account and root.", true},

    {"reviewer", "match", "strings", "", "", "Who may read the log; without any [[reviewer]]: the operators.", true},

    {"grant", "name", "string", "", "", "Named in every event and hint about this grant.", true},
    {"grant", "agent", "string", "", "", "The name of an [[agent]].", true},
    {"grant", "server", "string", "", "", "The url of a [[server]].", true},
    {"grant", "tools", "strings", "", "",
     "Globs over the tool's whole name, case-sensitive: * is any run of characters, ? one of them.", true},
    {"grant", "ttl_s", "integer", "30", "seconds", "How long a token lives.", false, 1, 120},
    {"grant", "max_attempts", "integer", "8", "", "Tokens one call may be given.", false, 1, 1000},
    {"grant", "max_redemptions", "integer", "1", "", "Tokens one call may have redeemed; no more than max_attempts.",
     false, 1, 1000},
    {"grant", "rate_per_min", "integer", "", "tokens a minute", "Tokens minted a minute; without it no limit.", false,
     1, 1000000},
    {"grant", "not_before", "string", "", "",
     "From when on it holds, by the wall clock: RFC 3339 in UTC, \"2026-12-01T01:00:00Z\"."},
    {"grant", "not_after", "string", "", "", "From when on it no longer holds; no token outlives it."},
    {"grant", "record_arguments", "boolean", "false", "",
     "Keep each call's arguments beside the log, sealed to reviewer_key; a call must then send them."},

    {"grant.argument", "pointer", "string", "", "",
     "JSON Pointer (RFC 6901) to the argument; missing or of another type, it fails the rule.", true},
    {"grant.argument", "equals", "scalar", "", "", "The value it must have: a string, number or boolean; 2.0 is 2."},
    {"grant.argument", "one_of", "scalars", "", "", "The values of which it must have one."},
    {"grant.argument", "prefix", "string", "", "", "What the string must begin with."},
    {"grant.argument", "suffix", "string", "", "", "What the string must end with."},
    {"grant.argument", "pattern", "string", "", "", "An RE2 expression that must match the whole string."},
    {"grant.argument", "min", "number", "", "", "The least the number may be."},
    {"grant.argument", "max", "number", "", "", "The most the number may be."},
    {"grant.argument", "max_length", "integer", "", "", "The most code points a string may have, or elements an array.",
     false, 0, no_max},
    {"grant.argument", "path_under", "string", "", "",
     "The directory an absolute path must be or lie below, by its text alone: links are not followed."},

    {"relying_party", "name", "string", "", "",
     "Named in events and commands about this entry; its tokens are reusable until they end.", true},
    {"relying_party", "audience", "string", "", "", "What its tokens have as aud, as the relying party wants it.",
     true},
    {"relying_party", "agents", "strings", "", "",
     "Names of the agents that may have its tokens; each must be an [[agent]].", true},
    {"relying_party", "alg", "string", "\"RS256\"", "", "What signs its tokens: RS256 or ES256."},
    {"relying_party", "ttl_s", "integer", "300", "seconds", "How long a token works, for whoever holds it.", false, 1,
     900},
    {"relying_party", "rate_per_min", "integer", "6", "tokens a minute", "Tokens minted a minute for each agent.",
     false, 1, 600},
});

}  // namespace

std::span<const ConfigKey> config_keys() { return keys; }

}  // namespace jeton
