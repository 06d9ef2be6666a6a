// The digest that binds a token to one tool and exactly these arguments.
#include "jeton/tool_call.hpp"

#include <utility>

#include "core/json_rules.hpp"
#include "jeton/base64url.hpp"

namespace jeton {
namespace {

constexpr std::size_t arguments_depth_max = 64;
constexpr std::string_view root = "/arguments";

}  // namespace

std::optional<ArgsDigest> ArgsDigest::parse(std::string_view text) {
  ArgsDigest digest;
  if (!from_base64url(text, digest.bytes)) return std::nullopt;
  return digest;
}

std::string ArgsDigest::text() const { return base64url(bytes); }

Result<ArgsDigest> args_digest(std::string_view tool, const Json& arguments, std::size_t bytes_max) {
  if (!arguments.is_object())
    return refuse(Code::bad_arguments, "arguments must be an object; send {} where there are none");
  if (!is_clean_text(tool)) return refuse(Code::bad_arguments, "the tool's name is not clean UTF-8");
  auto canonical = canonical_json_at(std::string(root), arguments, arguments_depth_max);
  if (!canonical) {
    Error error{Code::bad_arguments, std::move(canonical.error().message)};
    error.pointer = canonical.error().pointer.substr(root.size());
    return refuse(std::move(error));
  }
  if (canonical->size() > bytes_max)
    return refuse(Code::bad_arguments, "arguments are larger than " + std::to_string(bytes_max) + " bytes; send less");
  const auto name = canonical_json_at("/name", Json(tool), 0);
  if (!name) return refuse(Code::bad_arguments, name.error().message);
  // Two names, already in order: the bytes canonical_json would write, without a copy of the arguments' tree.
  return ArgsDigest{sha256(R"({"arguments":)" + *canonical + R"(,"name":)" + *name + "}")};
}

}  // namespace jeton
