// From bodies of the local door to requests of the exchange.
#include "http/decode.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "http/members.hpp"
#include "identity/roles.hpp"

namespace jeton {
namespace {

bool is_token_text(std::string_view text) { return !text.empty(); }
bool is_detail(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-' || c == ':';
  });
}

bool is_lower_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// W3C Trace Context section 3.2; versions after 00 may be longer.
bool is_traceparent(std::string_view t) {
  if (t.size() < 55 || t.size() > 128 || !is_log_id(t) || t[2] != '-' || t[35] != '-' || t[52] != '-') return false;
  const auto version = t.substr(0, 2), trace = t.substr(3, 32), span = t.substr(36, 16), flags = t.substr(53, 2);
  if (!is_lower_hex(version) || !is_lower_hex(trace) || !is_lower_hex(span) || !is_lower_hex(flags) || version == "ff")
    return false;
  if (version == "00" ? t.size() != 55 : t.size() > 55 && t[55] != '-') return false;
  return trace.find_first_not_of('0') != trace.npos && span.find_first_not_of('0') != span.npos;
}

bool lies_under(std::string_view pointer, std::string_view member) {
  return pointer.starts_with(member) && (pointer.size() == member.size() || pointer[member.size()] == '/');
}

/// The body as an object. Faults at or under /arguments are the arguments' own; a text that is no JSON at all is not.
Result<Json> parse_body(std::string_view body, const DecodeLimits& limits) {
  // The arguments may be 64 deep, and stand inside the body's object.
  auto parsed = parse_json_strictly(body, {limits.body_bytes, JsonLimits{}.depth + 1});
  if (!parsed) {
    const auto& fault = parsed.error();
    const bool of_arguments = lies_under(fault.pointer, "/arguments") && fault.fault != JsonFault::syntax;
    return refuse(of_arguments ? Code::bad_arguments : Code::bad_request, fault.message);
  }
  if (!parsed->is_object()) return refuse(Code::bad_request, "the body must be a JSON object");
  return std::move(*parsed);
}

std::string read_server(Members& in) { return in.text("server", is_server_name, "an http(s) URL or mcp:stdio:<name>"); }

std::uint64_t read_count(Members& in, const char* name) {
  const auto count = in.optional_count(name);
  if (!count) in.wrong(name, "an integer from 0 to 2^53-1");
  return static_cast<std::uint64_t>(count.value_or(0));
}

Sha256 read_sha256(Members& in, const char* name) {
  const auto is_sha256 = [](std::string_view t) { return t.size() == 64 && is_lower_hex(t); };
  const auto text = in.text(name, is_sha256, "64 lower-case hex digits");
  Sha256 hash{};
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  for (std::size_t i = 0; 2 * i + 1 < text.size() && i < hash.size(); ++i)
    hash[i] = static_cast<unsigned char>(digit(text[2 * i]) * 16 + digit(text[2 * i + 1]));
  return hash;
}

/// RFC 7521 section 4.2, as members.
void step_over_client(Members& in) {
  for (const char* name : {"client_id", "client_assertion_type", "client_assertion"}) (void)in.find(name);
}

Result<Txn> read_txn(std::string_view txn) {
  if (const auto parsed = Txn::parse(txn)) return *parsed;
  return refuse(Code::bad_request, "a txn is 22 characters of base64url");
}

}  // namespace

CallBinding read_binding(Members& in, const char* tool, const DecodeLimits& limits) {
  const auto is_tool = [](std::string_view name) { return !name.empty() && name.size() <= tool_bytes_max; };
  CallBinding call;
  call.tool = in.text(tool, is_tool, "1 to 256 bytes of text");
  const auto* arguments = in.find("arguments");
  const auto* digest = in.find("args_digest");
  if ((arguments == nullptr) == (digest == nullptr)) {
    in.fail({Code::bad_request, "exactly one of \"arguments\" and \"args_digest\" is needed"});
    return call;
  }
  if (digest != nullptr) {
    const auto parsed = digest->is_string() ? ArgsDigest::parse(digest->get_ref<const std::string&>()) : std::nullopt;
    if (!parsed) in.wrong("args_digest", "43 characters of base64url");
    call.digest = parsed.value_or(ArgsDigest{});
    return call;
  }
  auto computed = args_digest(call.tool, *arguments, limits.arguments_bytes);
  if (!computed) {
    in.fail(std::move(computed.error()));
    return call;
  }
  call.digest = *computed;
  call.arguments.emplace(in.take("arguments"));
  return call;
}

Result<OpenRequest> decode_open(std::string_view body, const DecodeLimits& limits) {
  auto json = parse_body(body, limits);
  if (!json) return refuse(json.error());
  Members in(*json);
  OpenRequest request;
  request.server = in.optional_text("server", is_server_name, "an http(s) URL or mcp:stdio:<name>");
  request.call = read_binding(in, "tool", limits);
  request.open_id = in.optional_id("open_id");
  request.call_id = in.optional_id("call_id");
  request.run_id = in.optional_id("run_id");
  request.session_id = in.optional_id("session_id");
  request.parent_txn = in.optional_id128<TxnTag>("parent_txn");
  request.traceparent = in.optional_text("traceparent", is_traceparent, "a W3C traceparent");
  request.framework = in.optional_id("framework");
  request.agent_label = in.optional_id("agent_label");
  request.subject_token = in.optional_text("subject_token", is_token_text, "a token");
  if (auto mistake = in.mistake()) return refuse(std::move(*mistake));
  return request;
}

Result<MintRequest> decode_mint(std::string_view body, std::string_view txn, const DecodeLimits& limits) {
  const auto id = read_txn(txn);
  if (!id) return refuse(id.error());
  auto json = parse_body(body, limits);
  if (!json) return refuse(json.error());
  Members in(*json);
  MintRequest request;
  request.txn = *id;
  request.server = read_server(in);
  request.call = read_binding(in, "tool", limits);
  if (auto mistake = in.mistake()) return refuse(std::move(*mistake));
  return request;
}

Result<FederationRequest> decode_federation(std::string_view body, const DecodeLimits& limits) {
  auto json = parse_body(body, limits);
  if (!json) return refuse(json.error());
  Members in(*json);
  FederationRequest request;
  request.relying_party = in.text("relying_party", is_log_id, "the name of a relying party");
  if (auto mistake = in.mistake()) return refuse(std::move(*mistake));
  return request;
}

Result<RedeemRequest> decode_redeem(std::string_view body, const DecodeLimits& limits) {
  auto json = parse_body(body, limits);
  if (!json) return refuse(json.error());
  Members in(*json);
  if (limits.client_members) step_over_client(in);
  RedeemRequest request;
  request.token = in.text("token", is_token_text, "a token");
  request.server = read_server(in);
  request.call = read_binding(in, "tool", limits);
  request.redemption_id = in.text("redemption_id", is_log_id, "128 random bits, made for this redemption");
  if (auto mistake = in.mistake()) return refuse(std::move(*mistake));
  return request;
}

Result<FinishRequest> decode_finish(std::string_view body, std::string_view txn, const DecodeLimits& limits) {
  const auto id = read_txn(txn);
  if (!id) return refuse(id.error());
  auto json = parse_body(body, limits);
  if (!json) return refuse(json.error());
  Members in(*json);
  if (limits.client_members) step_over_client(in);
  FinishRequest request;
  request.txn = *id;
  request.jti = in.optional_id128<JtiTag>("jti");
  const auto outcome = in.text(
      "outcome", [](std::string_view name) { return outcome_named(name).has_value(); },
      "ok, tool_error, transport_error, cancelled or unknown");
  request.outcome = outcome_named(outcome).value_or(Outcome::unknown);
  request.detail = in.optional_text("detail", is_detail, "a code: 1 to 64 of letters, digits and _.:-");
  request.duration_ms = in.optional_count("duration_ms");
  std::optional<Error> receipt_mistake;
  if (const auto* receipt = in.find("receipt"); receipt != nullptr) {
    auto object = receipt->is_object() ? *receipt : Json::object();
    if (!receipt->is_object()) in.wrong("receipt", "the object a redemption answered with");
    Members of_receipt(object);
    const auto jti = of_receipt.optional_id128<JtiTag>("jti");
    const auto redeemed_at = of_receipt.optional_count("redeemed_at");
    const auto log_index = of_receipt.optional_count("log_index");
    receipt_mistake = of_receipt.mistake();
    if (jti && redeemed_at && log_index)
      request.receipt = Receipt{*jti, *redeemed_at, static_cast<std::uint64_t>(*log_index)};
    else if (!receipt_mistake)
      receipt_mistake = Error{Code::bad_request, "a receipt needs jti, redeemed_at and log_index"};
  }
  if (auto mistake = in.mistake()) return refuse(std::move(*mistake));
  if (receipt_mistake) return refuse(std::move(*receipt_mistake));
  return request;
}

Result<RevokeRequest> decode_revoke(std::string_view body, const DecodeLimits& limits) {
  auto json = parse_body(body, limits);
  if (!json) return refuse(json.error());
  Members in(*json);
  RevokeRequest request;
  request.jti = in.optional_id128<JtiTag>("jti");
  request.txn = in.optional_id128<TxnTag>("txn");
  request.run_id = in.optional_id("run_id");
  request.agent = in.optional_id("agent");
  if (auto mistake = in.mistake()) return refuse(std::move(*mistake));
  if (json->size() != 1)
    return refuse(Code::bad_request, "exactly one of \"jti\", \"txn\", \"run_id\" and \"agent\" is needed");
  return request;
}

Result<SwitchRequest> decode_switch(std::string_view body, std::string_view agent, bool disable,
                                    const DecodeLimits& limits) {
  if (!is_log_id(agent)) return refuse(Code::bad_request, "an agent's name is 1 to 128 characters of [!-~]");
  auto json = parse_body(body.empty() ? "{}" : body, limits);
  if (!json) return refuse(json.error());
  if (auto mistake = Members(*json).mistake()) return refuse(std::move(*mistake));
  return SwitchRequest{std::string(agent), disable};
}

Result<ArchiveRequest> decode_archive(std::string_view body, const DecodeLimits& limits) {
  auto json = parse_body(body, limits);
  if (!json) return refuse(json.error());
  Members in(*json);
  const ArchiveRequest request{read_count(in, "below"), read_count(in, "size"), read_sha256(in, "root")};
  if (auto mistake = in.mistake()) return refuse(std::move(*mistake));
  return request;
}

}  // namespace jeton
