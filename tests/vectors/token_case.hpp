// One token vector: a text, what is expected of it, and what becomes of it.
#pragma once

#include <string>
#include <vector>

#include "support/forge.hpp"

namespace jeton::vectors {

/// One entry of tokens.json; what is not set is that of the good token.
struct TokenCase {
  std::string name;
  std::string result = "ok";
  std::string token = forge::good_token();
  std::string arguments = std::string(forge::arguments);
  std::int64_t now = forge::issued_s + 1;
  std::string issuer = std::string(forge::issuer);
  std::string server = std::string(forge::server);
  std::string tool = std::string(forge::tool);
  Json jwks = Json{{"keys", Json::array({forge::issuer_key().verifying_key().jwk()})}};

  [[nodiscard]] Json json() const {
    Json expect{{"issuer", issuer}, {"server", server}, {"tool", tool}, {"arguments", arguments}, {"now", now}};
    return Json{{"name", name}, {"token", token}, {"jwks", jwks}, {"expect", expect}, {"result", result}};
  }
};

using Cases = std::vector<TokenCase>;

}  // namespace jeton::vectors
