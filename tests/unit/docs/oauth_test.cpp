// Is the page about OAuth true: are its requests taken, and answered as it says; is its configuration one, and its
// programs the tried ones?
#include "app/config.hpp"
#include "http/request_reader.hpp"
#include "support/oauth_fixture.hpp"
#include "unit/docs/doc_text.hpp"

namespace jeton::test {
namespace {

using testing::Fields;
using testing::OAuthFixture;

std::string page() { return text_of(in_tree("docs/oauth.md")); }

std::vector<std::string> blocks(const std::string& language) { return between(page(), "```" + language + "\n", "```"); }

struct Message {
  std::vector<std::string> head;
  std::string body;
};

Message message_of(const std::string& block) {
  Message message;
  const auto end = block.find("\n\n");
  message.head = lines_of(block.substr(0, end));
  message.body = block.substr(end + 2);
  return message;
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else if (text[i] != '\n') {
      out += text[i];
    }
  }
  return out;
}

Fields fields_of(const std::string& body) {
  Fields fields;
  for (std::size_t at = 0; at < body.size();) {
    const auto end = std::min(body.find('&', at), body.size());
    const auto pair = body.substr(at, end - at);
    fields.emplace_back(unescaped(pair.substr(0, pair.find('='))), unescaped(pair.substr(pair.find('=') + 1)));
    at = end + 1;
  }
  return fields;
}

/// Whether a name's value is another one each time.
bool is_of_the_day(const std::string& name) {
  static const std::set<std::string> names{"access_token", "iss",       "iat",         "exp",   "jti",
                                           "txn",          "log_index", "redeemed_at", "detail"};
  return names.count(name) == 1;
}

/// Where two documents differ in more than what differs each time.
std::vector<std::string> differences(const Json& page, const Json& real, const std::string& at = "") {
  if (page.type() != real.type() && !(page.is_number() && real.is_number())) return {at + " is of another type"};
  std::vector<std::string> all;
  const auto add = [&all](std::vector<std::string> more) { all.insert(all.end(), more.begin(), more.end()); };
  if (page.is_object()) {
    for (const auto& [name, value] : page.items()) {
      if (!real.contains(name))
        all.push_back(at + "/" + name + " is not there");
      else if (!is_of_the_day(name))
        add(differences(value, real[name], at + "/" + name));
    }
    for (const auto& [name, value] : real.items())
      if (!page.contains(name)) all.push_back(at + "/" + name + " is not on the page");
  } else if (page.is_array() && page.size() == real.size()) {
    for (std::size_t i = 0; i < page.size(); ++i) add(differences(page[i], real[i], at + "/" + std::to_string(i)));
  } else if (page != real) {
    all.push_back(at + " is " + real.dump());
  }
  return all;
}

/// Sends what the page shows, with what is another each time as it is today.
struct Reader : OAuthFixture {
  std::string token, txn, jti;

  Job send_shown(const Message& shown) {
    const auto target = between(shown.head.front(), " ", " ").front();
    const bool by_server = target.starts_with("/v1/") || target == "/oauth2/introspect";
    const std::string proof = by_server ? "crm's" : "billing's";
    clients.used.clear();
    const bool is_form = shown.head.back().find("x-www-form-urlencoded") != std::string::npos;
    auto job = is_form ? form_job(target, fields_of(shown.body), proof) : json_job(target, shown.body, proof);
    job = send(std::move(job));
    const auto body = testing::body_of(job);
    token = body.value("access_token", token);
    txn = body.value("txn", txn);
    jti = body.value("jti", jti);
    return job;
  }
  Job form_job(const std::string& target, Fields fields, const std::string& proof) const {
    for (auto& [name, value] : fields) {
      if (name == "client_assertion") value = proof;
      if (name == "token") value = token;
      if (name == "subject_token") value = "alice's";
      if (name != "authorization_details") continue;
      auto details = Json::parse(value);
      if (details[0].contains("txn")) details[0]["txn"] = txn;
      value = details.dump();
    }
    return {{"POST", target, "application/x-www-form-urlencoded", testing::form_text(fields)}, from_network()};
  }
  Job json_job(std::string target, const std::string& text, const std::string& proof) const {
    auto body = Json::parse(text);
    body["client_assertion"] = proof;
    if (body.contains("token")) body["token"] = token;
    if (body.contains("jti")) body["jti"] = jti;
    if (target.ends_with("/outcome")) target = "/v1/calls/" + txn + "/outcome";
    return {{"POST", target, "application/json", body.dump()}, from_network()};
  }
};

}  // namespace

TEST_CASE("the requests on the page about oauth are answered as it says") {
  const auto http = blocks("http");
  REQUIRE(http.size() == 18);
  Reader reader;
  for (std::size_t i = 0; i < http.size(); i += 2) {
    const auto asked = message_of(http[i]);
    const auto answer = message_of(http[i + 1]);
    CAPTURE(http[i]);
    const auto job = reader.send_shown(asked);
    const auto bytes = bytes_of(job.response, true, "1");
    for (const auto& line : answer.head) CHECK(bytes.find(line + "\r\n") != std::string::npos);
    CHECK(differences(Json::parse(answer.body), testing::body_of(job)) == std::vector<std::string>{});
  }
}

TEST_CASE("a difference between the page and an answer is found") {
  CHECK(differences(Json{{"a", 1}, {"txn", "x"}}, Json{{"a", 1}, {"txn", "y"}}).empty());
  CHECK(differences(Json{{"a", 1}}, Json{{"a", 2}}).size() == 1);
  CHECK(differences(Json{{"a", 1}}, Json{{"a", "1"}}).size() == 1);
  CHECK(differences(Json{{"a", 1}}, Json{{"b", 1}}).size() == 2);
  CHECK(differences(Json{{"a", {1, 2}}}, Json{{"a", {1}}}).size() == 1);
}

TEST_CASE("the documents on the page about oauth are the daemon's own") {
  const auto json = blocks("json");
  REQUIRE(json.size() == 4);
  CHECK(Json::parse(json[0]) == authorization_server_metadata({"https://jeton.acme.example", {"EdDSA"}, true}));

  const auto mint = message_of(blocks("http").front());
  for (const auto& [name, value] : fields_of(mint.body))
    if (name == "authorization_details") CHECK(Json::parse(value) == Json::parse(json[3]));
}

TEST_CASE("the configuration on the page about oauth is one and its programs those that are tried") {
  REQUIRE(blocks("toml").size() == 1);
  const auto config = parse_config(blocks("toml").front(), "jeton.toml", 990);
  REQUIRE(config);
  CHECK(config->listen);
  const auto tried = [](const std::vector<std::string>& names) {
    std::vector<std::string> texts;
    for (const auto& name : names) texts.push_back(text_of(in_tree("tests/foreign/oauth/" + name)));
    return texts;
  };
  CHECK(blocks("js") == tried({"example.mjs", "client_openid.mjs", "client_mcp.mjs"}));
  CHECK(blocks("python") ==
        tried({"client_pyjwt.py", "client_requests_oauthlib.py", "client_authlib.py", "client_mcp.py"}));
  CHECK(blocks("go").size() == 1);
  // No block is of a kind that nothing reads; those of the shell are typed by tests/install/documents.sh.
  CHECK(between(page(), "```", "\n").size() == 2 * (18 + 4 + 1 + 3 + 4 + 1 + blocks("sh").size()));
}

}  // namespace jeton::test
