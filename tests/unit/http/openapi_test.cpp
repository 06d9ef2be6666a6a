// Is docs/openapi.json what the doors serve, and nothing else: every path, every code, every example?
#include <algorithm>
#include <filesystem>
#include <set>

#include "app/app.hpp"
#include "http/network_rules.hpp"
#include "http/openapi.hpp"
#include "http/paths.hpp"
#include "support/oauth_fixture.hpp"
#include "unit/docs/doc_text.hpp"

namespace {

using namespace jeton;
using namespace jeton::testing;
using jeton::test::between;
using jeton::test::in_tree;
using jeton::test::text_of;

const Json& description() {
  static const auto parsed = Json::parse(openapi_document());
  return parsed;
}

struct Operation {
  std::string path;
  std::string method;  ///< upper case
  Json is;

  [[nodiscard]] bool stands_at(std::string_view door) const {
    const auto& doors = is["x-jeton-doors"];
    return std::find(doors.begin(), doors.end(), door) != doors.end();
  }
  /// The path with the example of each of its parameters.
  [[nodiscard]] std::string target() const {
    auto text = path;
    for (const auto& parameter : is.value("parameters", Json::array())) {
      const auto name = "{" + parameter["name"].get<std::string>() + "}";
      text.replace(text.find(name), name.size(), parameter["example"].get<std::string>());
    }
    return text;
  }
  [[nodiscard]] Json body_example() const {
    if (!is.contains("requestBody")) return nullptr;
    return is["requestBody"]["content"].begin().value()["example"];
  }
  [[nodiscard]] std::string body_type() const {
    return is.contains("requestBody") ? is["requestBody"]["content"].begin().key() : "";
  }
};

std::vector<Operation> operations() {
  std::vector<Operation> all;
  for (const auto& [path, methods] : description()["paths"].items())
    for (const auto& [method, operation] : methods.items())
      all.push_back({path, method == "get" ? "GET" : "POST", operation});
  return all;
}

Json resolved(const Json& schema) {
  if (!schema.contains("$ref")) return schema;
  return description().at(Json::json_pointer(schema["$ref"].get<std::string>().substr(1)));
}

/// Members that the schema does not have, and those that it asks for and that are not there.
std::vector<std::string> misfits(const Json& object, const Json& unresolved) {
  const auto schema = resolved(unresolved);
  std::vector<std::string> wrong;
  if (!schema.contains("properties")) return wrong;
  for (const auto& name : schema.value("required", Json::array()))
    if (!object.contains(name.get<std::string>())) wrong.push_back("no " + name.get<std::string>());
  if (schema.value("additionalProperties", Json(true)) == Json(true)) return wrong;
  for (const auto& [name, value] : object.items())
    if (!schema["properties"].contains(name)) wrong.push_back(name);
  return wrong;
}

struct Described : OAuthFixture {
  Described() { REQUIRE(company.federation.want({Algorithm::es256})); }
  /// The example of the description, from an account or over TCP with nothing that proves who sends it.
  Job send_example(const Operation& operation, std::optional<uid_t> uid) {
    Fields fields;
    const auto example = operation.body_example();
    const bool is_form = operation.body_type() == "application/x-www-form-urlencoded";
    if (is_form)
      for (const auto& [name, value] : example.items()) fields.emplace_back(name, value.get<std::string>());
    const auto body = is_form ? form_text(fields) : example.is_null() ? "" : example.dump();
    Job job{{operation.method, operation.target(), operation.body_type(), body},
            uid ? caller_of(*uid) : from_network()};
    if (!uid) job.caller.socket = job.request.host = "192.0.2.1:8470";
    both->screen(job);
    // The rules about hosts are not what this is about.
    if (serves_network(job.request.target)) job.fault.reset();
    return send(std::move(job));
  }
};

bool is_of_log_files(const Operation& operation) { return operation.path.starts_with("/tlog/"); }

/// Without the lines that are comments.
std::string source_of(const std::filesystem::path& file) {
  std::string code;
  for (const auto& line : jeton::test::lines_of(text_of(file)))
    if (line.find_first_not_of(' ') == line.npos || line.find("//") != line.find_first_not_of(' ')) code += line + '\n';
  return code;
}

bool is_no_path(const Job& job) {
  if (!job.response.content_type.starts_with("application/problem+json")) return false;
  const auto detail = body_of(job).value("detail", "");
  return detail.starts_with("no such request") || detail.starts_with("no such path");
}

}  // namespace

TEST_CASE("the description is served byte for byte on both transports and may be kept") {
  OAuthFixture door;
  const auto file = text_of(in_tree("docs/openapi.json"));
  for (const bool over_network : {true, false}) {
    const auto job = door.get("/openapi.json", over_network);
    CHECK(job.response.status == 200);
    CHECK(job.response.content_type == "application/json");
    CHECK(job.response.may_cache);
    CHECK(job.response.body == file);
  }
  CHECK(door.get("/openapi.json?x").response.status != 200);
}

TEST_CASE("the description is of this version and speaks OpenAPI 3.1") {
  CHECK(description()["openapi"] == "3.1.0");
  CHECK(description()["info"]["version"].get<std::string>() == version());
}

TEST_CASE("every path that is described is served by the doors it says and over TCP by no other") {
  Described door;
  std::size_t over_network = 0;
  for (const auto& operation : operations()) {
    CAPTURE(operation.path, operation.method);
    REQUIRE(operation.stands_at("socket"));
    CHECK(serves_network(operation.target()) == operation.stands_at("tcp"));
    if (is_of_log_files(operation)) continue;  // this door has no log to read
    CHECK_FALSE(is_no_path(door.send_example(operation, operator_uid)));
    CHECK(is_no_path(door.send_example(operation, std::nullopt)) != operation.stands_at("tcp"));
    over_network += operation.stands_at("tcp") ? 1 : 0;
  }
  CHECK(operations().size() >= 25);
  CHECK(over_network >= 14);
}

TEST_CASE("the table of paths has what is described with its method and its doors") {
  for (const auto& operation : operations()) {
    CAPTURE(operation.path);
    const auto path = known_path(operation.target());
    REQUIRE(path);
    CHECK(path->method == operation.method);
    CHECK(path->over_network == operation.stands_at("tcp"));
  }
}

TEST_CASE("no path of the doors is missing from the description") {
  std::vector<std::string> paths;
  for (const auto& operation : operations()) paths.push_back(operation.path);
  const std::set<std::string> no_paths{"/arguments", "/64"};  // a JSON Pointer, a prefix of addresses
  std::size_t found = 0;
  for (const auto& entry : std::filesystem::directory_iterator(in_tree("sidecar/http"))) {
    if (entry.path().extension() != ".cpp") continue;
    for (const auto& piece : between(source_of(entry.path()), "\"/", "\"")) {
      const auto literal = "/" + piece;
      if (literal == "/" || literal.find_first_of(" ?%{") != literal.npos || no_paths.count(literal) == 1) continue;
      INFO(entry.path() << " has " << literal);
      ++found;
      const bool described = std::any_of(
          paths.begin(), paths.end(), [&](const std::string& path) { return path.find(literal) != std::string::npos; });
      CHECK(described);
    }
  }
  CHECK(found > 30);
}

TEST_CASE("the codes of the description are those of the table at their statuses") {
  std::set<std::string> codes,
      errors{"invalid_grant", "invalid_scope", "unsupported_grant_type", "unsupported_response_type"};
  for (const auto& row : all_codes()) {
    if (row.code == Code::sidecar_unavailable) continue;  // made where there is no answer
    codes.emplace(row.name);
    if (row.oauth != "invalid_token") errors.emplace(row.oauth);
  }
  const auto& schemas = description()["components"]["schemas"];
  CHECK(schemas["Code"]["enum"].get<std::set<std::string>>() == codes);
  CHECK(schemas["OAuthError"]["properties"]["error"]["enum"].get<std::set<std::string>>() == errors);

  const std::vector<std::pair<std::string, int>> answers{{"Malformed", 400}, {"NotProved", 401}, {"NotAllowed", 403},
                                                         {"NotKnown", 404},  {"NotAgain", 409},  {"TooMany", 429},
                                                         {"Fault", 500},     {"NotNow", 503}};
  std::set<std::string> seen;
  for (const auto& [name, status] : answers) {
    CAPTURE(name);
    for (const auto& code : description()["components"]["responses"][name]["x-jeton-codes"]) {
      const auto row = code_named(code.get<std::string>());
      REQUIRE(row);
      CHECK(facts(*row).http == status);
      seen.insert(code.get<std::string>());
    }
  }
  CHECK(seen == codes);
}

TEST_CASE("the example of each request is taken and its answer has the members that are described") {
  Described door;
  for (const auto& operation : operations()) {
    CAPTURE(operation.path);
    const bool by_agent = operation.path.starts_with("/oauth2/token") || operation.path.starts_with("/oauth2/revoke") ||
                          operation.path.starts_with("/v1/calls") || operation.path == "/v1/federation";
    const bool needs_a_call = operation.path.find("{txn}") != std::string::npos || operation.path == "/v1/redeem";
    if (needs_a_call || is_of_log_files(operation)) continue;  // the first are below
    const auto job = door.send_example(operation, by_agent ? billing : operator_uid);
    // The one that nothing is asked of by its clients refuses everybody.
    const bool is_refused = operation.path == "/oauth2/authorize";
    CHECK(job.response.status == (is_refused ? 400 : 200));
    const auto& content = operation.is["responses"][is_refused ? "default" : "200"]["content"];
    CHECK(job.response.content_type.starts_with(content.begin().key()));
    if (!content.begin().key().ends_with("json")) continue;
    CHECK(misfits(body_of(job), content.begin().value()["schema"]) == std::vector<std::string>{});
  }
}

TEST_CASE("the requests about a call have the members that are described") {
  Described door;
  const auto check = [&](const std::string& path, const Job& job) {
    CAPTURE(path, job.response.body);
    CHECK(job.response.status == 200);
    const auto schema =
        description()["paths"][path]["post"]["responses"]["200"]["content"]["application/json"]["schema"];
    CHECK(misfits(body_of(job), schema) == std::vector<std::string>{});
  };
  const auto example = [](const std::string& path) {
    return description()["paths"][path]["post"]["requestBody"]["content"]["application/json"]["example"];
  };
  const auto opened = body_of(door.post(billing, "/v1/calls", example("/v1/calls")));
  const auto base = "/v1/calls/" + opened["txn"].get<std::string>();
  const auto minted = door.post(billing, base + "/tokens", example("/v1/calls/{txn}/tokens"));
  check("/v1/calls/{txn}/tokens", minted);
  auto redeem = example("/v1/redeem");
  redeem["token"] = body_of(minted)["token"];
  const auto redeemed = door.post(crm_account, "/v1/redeem", redeem);
  check("/v1/redeem", redeemed);
  auto outcome = example("/v1/calls/{txn}/outcome");
  outcome["jti"] = body_of(redeemed)["jti"];
  check("/v1/calls/{txn}/outcome", door.post(crm_account, base + "/outcome", outcome));
}

TEST_CASE("a refusal has the members that are described") {
  Described door;
  const auto& schemas = description()["components"]["schemas"];
  const auto problem = door.post(billing, "/v1/calls", Json{{"tool", "x"}, {"arguments", Json::object()}});
  CHECK(problem.response.status == 403);
  CHECK(misfits(body_of(problem), schemas["Problem"]) == std::vector<std::string>{});
  const auto error = door.form(billing, "/oauth2/token", {});
  CHECK(error.response.status == 400);
  CHECK(misfits(body_of(error), schemas["OAuthError"]) == std::vector<std::string>{});
}
