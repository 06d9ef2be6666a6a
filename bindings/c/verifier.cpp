// The tool server's side for C: verify, redeem, report.
#include "jeton/verifier.hpp"

#include "boundary.hpp"
#include "report.hpp"

using namespace jeton;
using namespace jeton::abi;

struct jeton_verifier {
  Verifier verifier;
};
struct jeton_redemption {
  Redemption redemption;
};

jeton_code jeton_verifier_connect(const char* server, size_t server_size, const char* socket, size_t socket_size,
                                  uint32_t deadline_ms, jeton_verifier** verifier, jeton_error** error) {
  return give(verifier, error, [&] {
    return Verifier::connect(std::string(text(server, server_size)), options_of(socket, socket_size, deadline_ms));
  });
}

jeton_code jeton_verifier_verify(const jeton_verifier* verifier, const char* token, size_t token_size, const char* tool,
                                 size_t tool_size, const char* arguments, size_t arguments_size, jeton_buffer** claims,
                                 jeton_error** error) {
  return give(claims, error, [&]() -> Result<std::string> {
    const auto json = read_arguments(text(arguments, arguments_size));
    if (!json) return refuse(json.error());
    const auto verified = at(verifier).verifier.verify(text(token, token_size), text(tool, tool_size), *json);
    if (!verified) return refuse(verified.error());
    return canonical_json(verified->claims().json());
  });
}

jeton_code jeton_verifier_redeem(const jeton_verifier* verifier, const char* token, size_t token_size, const char* tool,
                                 size_t tool_size, const char* arguments, size_t arguments_size,
                                 const char* redemption_id, size_t redemption_id_size, jeton_redemption** redemption,
                                 jeton_error** error) {
  return give(redemption, error, [&]() -> Result<Redemption> {
    const auto json = read_arguments(text(arguments, arguments_size));
    if (!json) return refuse(json.error());
    auto id = optional_text(redemption_id, redemption_id_size);
    return at(verifier).verifier.redeem(text(token, token_size), text(tool, tool_size), *json,
                                        id ? std::move(*id) : random_id());
  });
}

jeton_code jeton_redemption_content(const jeton_redemption* redemption, jeton_buffer** content, jeton_error** error) {
  return give(content, error, [&] {
    const auto& made = at(redemption).redemption;
    return canonical_json({{"claims", made.token.claims().json()},
                           {"arguments", made.arguments},
                           {"redemption_id", made.redemption_id},
                           {"redeemed_at", made.redeemed_at},
                           {"attempt", made.attempt},
                           {"prior_redemptions", made.prior_redemptions},
                           {"repeated", made.repeated},
                           {"log_index", made.log_index}});
  });
}

jeton_code jeton_verifier_report(const jeton_verifier* verifier, const jeton_redemption* redemption, const char* report,
                                 size_t report_size, uint64_t* log_index, jeton_error** error) {
  return told(log_index, error, report, report_size,
              [&](const Report& read) { return at(verifier).verifier.report(at(redemption).redemption, read); });
}

void jeton_redemption_free(jeton_redemption* redemption) { delete redemption; }
void jeton_verifier_free(jeton_verifier* verifier) { delete verifier; }
