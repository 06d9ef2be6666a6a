// Whatever requests arrive at the local door in whatever order: do its answers and its log keep the protocol's
// promises?
#include <set>

#include "fuzz/all.hpp"
#include "support/door_fixture.hpp"

namespace jeton::fuzz {
namespace {

using testing::MemoryStore;

constexpr std::array accounts{testing::billing,      testing::crm_account, testing::support,     testing::both,
                              testing::operator_uid, testing::stranger,    testing::mail_account};

void replace_all(std::string& text, std::string_view what, const std::string& with) {
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
}

/// One door, and what the requests so far got from it.
class Visit {
 public:
  /// "VERB ACCOUNT REST": what a request's first two letters mean; $TXN, $JTI and $TOKEN in the rest are the last ones.
  void step(std::string_view request) {
    const char verb = request.empty() ? 'h' : request[0];
    const auto letter = request.size() < 2 ? 0U : static_cast<unsigned char>(request[1]);
    const auto uid = accounts[letter % accounts.size()];
    std::string rest(request.substr(std::min<std::size_t>(request.size(), 2)));
    replace_all(rest, "$TXN", txn_);
    replace_all(rest, "$JTI", jti_);
    replace_all(rest, "$TOKEN", token_);
    switch (verb) {
      case 'o': return ask(uid, "POST", "/v1/calls", rest);
      case 'm': return ask(uid, "POST", "/v1/calls/" + txn_ + "/tokens", rest);
      case 'r': return ask(uid, "POST", "/v1/redeem", rest);
      case 'f': return ask(uid, "POST", "/v1/calls/" + txn_ + "/outcome", rest);
      case 'x': return ask_anything(uid, rest);
      case 't': return fixture_.company.clock.pass_s(letter);
      case 'd': return fixture_.company.memory.set_disk(static_cast<MemoryStore::Disk>(letter % 3));
      default: fixture_.door.keep_house(letter % 2 == 1);
    }
    hold_for_log();
  }

 private:
  /// "METHOD TARGET", then the body on the lines below.
  void ask_anything(uid_t uid, const std::string& text) {
    const auto line = std::min(text.find('\n'), text.size());
    const auto space = std::min(text.find(' '), line);
    const auto target = space < line ? text.substr(space + 1, line - space - 1) : "";
    ask(uid, text.substr(0, space), target, line < text.size() ? text.substr(line + 1) : "");
  }

  void ask(uid_t uid, const std::string& method, const std::string& target, const std::string& body) {
    const auto job = fixture_.ask(uid, method, target, body);
    const auto& response = job.response;
    const auto json = parse_json_strictly(response.body, {1 << 22, 128});
    hold(json && json->is_object(), "every answer is a JSON object");
    if (response.status == 200) {
      learn_from(*json);
    } else {
      const auto code = code_named(json->value("code", ""));
      hold(code && (response.allow || facts(*code).http == response.status), "a refusal has the status of its code");
      hold(!response.allow || (code == Code::bad_request && response.status == 405 && *response.allow != method),
           "a path that takes another method says 405 and which one it takes");
      hold(*code != Code::internal, "no request meets a mistake of our own");
      hold(response.content_type == "application/problem+json", "a refusal is a problem");
      hold(!json->contains("token") && !json->contains("active"), "a refusal carries no token and no claims");
      if (!token_.empty()) hold(response.body.find(token_) == std::string::npos, "a refusal repeats no token");
    }
    hold_for_log();
  }

  void learn_from(const Json& answer) {
    if (answer.contains("txn")) txn_ = answer.at("txn").get<std::string>();
    if (answer.contains("jti")) jti_ = answer.at("jti").get<std::string>();
    if (!answer.contains("token")) return;
    token_ = answer.at("token").get<std::string>();
    const auto parsed = UnverifiedToken::parse(token_);
    hold(parsed.has_value(), "a token that was handed out has the form of one");
    hold(parsed->claims_before_verification().jti.text() == jti_, "an answer names the token it carries");
    // Answered means durable: the ledger has the token that left.
    bool logged = false;
    for (const auto& event : fixture_.company.memory.events())
      logged |= event.kind == EventKind::token_minted && event.token_sha256 == parsed->sha256();
    hold(logged, "a token that left is in the log");
  }

  void hold_for_log() {
    const auto& events = fixture_.company.memory.events();
    hold(events.size() >= seen_, "the log only grows");
    for (; seen_ < events.size(); ++seen_) {
      const auto& event = events[seen_];
      hold(event.log_index == seen_, "events stand where they say");
      const auto leaf = leaf_bytes(event);
      hold(token_.empty() || leaf.find(token_) == std::string::npos, "no event holds a token");
      if (event.kind == EventKind::token_redeemed)
        hold(event.jti && redeemed_.insert(*event.jti).second, "a token is redeemed once");
    }
  }

  testing::DoorFixture fixture_;
  std::string txn_ = "AAAAAAAAAAAAAAAAAAAAAA", jti_ = txn_, token_;
  std::size_t seen_ = 0;
  std::set<Jti> redeemed_;
};

}  // namespace

/// Requests, with an empty line between one and the next.
void run_request(Bytes input) {
  Visit visit;
  auto rest = text_of(input);
  for (int steps = 0; steps < 24 && !rest.empty(); ++steps) {
    const auto end = std::min(rest.find("\n\n"), rest.size());
    visit.step(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 2, rest.size()));
  }
}

std::vector<std::string> seeds_request() {
  const std::string call = R"("server":"https://crm.example/mcp","tool":"refund","arguments":{"amount":1})";
  const std::string open = "oi{" + call + R"(,"open_id":"o1","call_id":"c1"})";
  const std::string redeem = "rj{" + call + R"(,"token":"$TOKEN","redemption_id":"r1"})";
  const std::string again = "rj{" + call + R"(,"token":"$TOKEN","redemption_id":"r2"})";
  const std::string receipt = R"(fi{"outcome":"ok","receipt":{"jti":"$JTI","redeemed_at":1790000000,"log_index":0}})";
  const std::string reads = R"("server":"mcp:stdio:files","tool":"read","arguments":{"path":"a"})";
  return {
      open + "\n\n" + redeem + "\n\n" + redeem + "\n\n" + again + "\n\n" + receipt,
      open + "\n\nmi{" + call + "}\n\n" + redeem + "\n\nt\x7f\n\n" + again + "\n\nh\x01",
      open + "\n\n" + open + "\n\nd\x01\n\n" + redeem + "\n\nd\x02\n\n" + redeem + "\n\nd\x03\n\n" + redeem,
      "oi{" + reads + "}\n\nri{" + reads + R"(,"token":"$TOKEN","redemption_id":"r1"})",
      "xiGET /v1/jwks\n\nxiGET /v1/status\n\nxnGET /v1/status\n\nxiPUT /v1/calls/$TXN/tokens\n{}\n\nxi /\n\nx",
      R"(oi{"tool":"refund","args_digest":"KhyfXVcrcBPjAPJRzSMuJ9rkP06hL-5hb3wd9aTxyUI","run_id":"r","session_id":"s",)"
      R"("parent_txn":"AAAAAAAAAAAAAAAAAAAAAA","framework":"f","agent_label":"l",)"
      R"("traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"})"
      "\n\nmi{" +
          call + R"(}

fj{"jti":"$JTI","outcome":"tool_error","detail":"E1","duration_ms":5})"};
}

}  // namespace jeton::fuzz
