/* The C ABI of Jeton: what every binding stands on. C11, Linux.
 *
 * Errors. Every function that can fail returns a jeton_code: JETON_OK (0), or the number of the protocol's code. Its
 * last parameter is `jeton_error** error`: NULL, or where a new error goes on failure (NULL on success); free it with
 * jeton_error_free. All other outputs are NULL or 0 after a failure. No C++ exception leaves the library: what should
 * never happen is JETON_INTERNAL, a pointer that must not be NULL is JETON_BAD_REQUEST.
 *
 * Text in is a pointer and a length, UTF-8 without a terminating zero; NULL with length 0 is the empty text, or "none"
 * where a parameter says so. Text out is a jeton_buffer, or a pointer into a handle that is valid as long as the handle
 * and zero-terminated as well. JSON goes in and out as text, read strictly (no name twice, no number a double would
 * change) and written canonically (RFC 8785).
 *
 * Handles are opaque and freed by their own jeton_*_free, which takes NULL. Freeing a jeton_buffer wipes it first.
 *
 * Threads. Functions on values, keys and clients may be called from any thread at any time. A jeton_call, a
 * jeton_decoder and the freeing of any handle are for one thread at a time. Nothing here calls back.
 * Fork. A child may go on using a client: it opens connections of its own. A call belongs to the process that opened
 * it, and a verifier is connected anew.
 */
#ifndef JETON_H
#define JETON_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define JETON_API __attribute__((visibility("default")))
#else
#define JETON_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Grows by one with every change that an old caller would notice. A caller that was built against another number must
 * not go on. */
#define JETON_ABI_VERSION 1u
JETON_API uint32_t jeton_abi_version(void);
/* The release, as in "0.1.0". */
JETON_API const char* jeton_version(void);

/* ---- codes and errors ---- */

typedef int32_t jeton_code;
enum {
  JETON_OK = 0,
  JETON_BAD_REQUEST = 1,
  JETON_BAD_ARGUMENTS = 2,
  JETON_UNATTESTED_PEER = 3,
  JETON_UNKNOWN_AGENT = 4,
  JETON_AGENT_DISABLED = 5,
  JETON_WRONG_ROLE = 6,
  JETON_NO_GRANT = 7,
  JETON_DENIED_BY_POLICY = 8,
  JETON_UNKNOWN_SERVER = 9,
  JETON_UNKNOWN_CALL = 10,
  JETON_INTERNAL = 11,
  JETON_BAD_TOKEN = 12,
  JETON_BAD_SIGNATURE = 13,
  JETON_UNKNOWN_KEY = 14,
  JETON_WRONG_ISSUER = 15,
  JETON_EXPIRED = 16,
  JETON_NOT_YET_VALID = 17,
  JETON_REVOKED = 18,
  JETON_SUPERSEDED = 19,
  JETON_WRONG_AUDIENCE = 20,
  JETON_WRONG_TOOL = 21,
  JETON_ARGS_MISMATCH = 22,
  JETON_ALREADY_REDEEMED = 23,
  JETON_TOO_MANY_ATTEMPTS = 24,
  JETON_CALL_MISMATCH = 25,
  JETON_RATE_LIMITED = 26,
  JETON_OVERLOADED = 27,
  JETON_LOG_UNAVAILABLE = 28,
  JETON_SIDECAR_UNAVAILABLE = 29 /* only ever made on the client's side */
};

/* "no_grant" for JETON_NO_GRANT; NULL for what is no code, JETON_OK included. */
JETON_API const char* jeton_code_name(jeton_code code);
/* One sentence about the code; NULL for what is no code. */
JETON_API const char* jeton_code_sentence(jeton_code code);

typedef struct jeton_error jeton_error;
/* JETON_OK for NULL. */
JETON_API jeton_code jeton_error_code(const jeton_error* error);
/* For operators: lower case, what to do next, never a token, a key or an argument's value. `size` may be NULL. */
JETON_API const char* jeton_error_message(const jeton_error* error, size_t* size);
/* The call it is about, or NULL. */
JETON_API const char* jeton_error_txn(const jeton_error* error, size_t* size);
/* The JSON Pointer (RFC 6901) of the member at fault; "" is the whole text; NULL where the error is not about JSON. */
JETON_API const char* jeton_error_pointer(const jeton_error* error, size_t* size);
/* 1 and the index of its event in the log, or 0. */
JETON_API int jeton_error_log_index(const jeton_error* error, uint64_t* log_index);
JETON_API void jeton_error_free(jeton_error* error);

/* Bytes that may be a token: wiped when freed. */
typedef struct jeton_buffer jeton_buffer;
JETON_API const char* jeton_buffer_data(const jeton_buffer* buffer, size_t* size);
JETON_API void jeton_buffer_free(jeton_buffer* buffer);

/* ---- values ---- */

/* 128 random bits as 22 characters of base64url: open_id, redemption_id. */
JETON_API jeton_code jeton_random_id(jeton_buffer** id, jeton_error** error);
/* The RFC 8785 form of one JSON text. */
JETON_API jeton_code jeton_json_canonical(const char* json, size_t json_size, jeton_buffer** canonical,
                                          jeton_error** error);
/* The same of a request's body as the local door reads one: a JSON object. A fault at or below its member `arguments`
 * is JETON_BAD_ARGUMENTS, any other and every fault of grammar JETON_BAD_REQUEST. For who stands in for a sidecar. */
JETON_API jeton_code jeton_body_canonical(const char* body, size_t body_size, jeton_buffer** canonical,
                                          jeton_error** error);
/* The 43 characters that bind a token to this tool and these arguments (a JSON object). */
JETON_API jeton_code jeton_args_digest(const char* tool, size_t tool_size, const char* arguments, size_t arguments_size,
                                       jeton_buffer** digest, jeton_error** error);

/* ---- keys and tokens ---- */

/* The public keys of one issuer. */
typedef struct jeton_keys jeton_keys;
/* A JWK Set (RFC 7517). */
JETON_API jeton_code jeton_keys_read(const char* jwks, size_t jwks_size, jeton_keys** keys, jeton_error** error);
/* 1 if a key of this kid is among them. */
JETON_API int jeton_keys_has(const jeton_keys* keys, const char* kid, size_t kid_size);
JETON_API void jeton_keys_free(jeton_keys* keys);

/* {"kid":…,"claims":{…}} of a text that has the form of a token. Nobody has vouched for it: good for a look-up, never
 * for a decision. */
JETON_API jeton_code jeton_token_read_unverified(const char* token, size_t token_size, jeton_buffer** content,
                                                 jeton_error** error);
/* The claims of a token that is genuine under these keys and meant for exactly this issuer, server, tool and arguments.
 * `now_s`, if not NULL, is a wall clock against which its time is judged last, with 5 s of skew. A token that verifies
 * may still be spent: only a redemption gives the right to run a tool. */
JETON_API jeton_code jeton_token_verify(const char* token, size_t token_size, const jeton_keys* keys,
                                        const char* issuer, size_t issuer_size, const char* server, size_t server_size,
                                        const char* tool, size_t tool_size, const char* arguments,
                                        size_t arguments_size, const int64_t* now_s, jeton_buffer** claims,
                                        jeton_error** error);

/* A signing key, in guarded memory only. For who stands in for a sidecar, as tests do. */
typedef struct jeton_key jeton_key;
JETON_API jeton_code jeton_key_generate(jeton_key** key, jeton_error** error);
/* Its public half as one JWK. */
JETON_API jeton_code jeton_key_jwk(const jeton_key* key, jeton_buffer** jwk, jeton_error** error);
/* The token of these claims, which must be exactly those of the protocol. */
JETON_API jeton_code jeton_key_sign(const jeton_key* key, const char* claims, size_t claims_size, jeton_buffer** token,
                                    jeton_error** error);
JETON_API void jeton_key_free(jeton_key* key);

/* ---- the agent's side, blocking ---- */

/* The sockets that would be tried, in order, as a JSON array. `socket` may be none. */
JETON_API jeton_code jeton_socket_candidates(const char* socket, size_t socket_size, jeton_buffer** paths,
                                             jeton_error** error);

typedef struct jeton_client jeton_client;
/* Finds the socket (`socket`, or none: as jeton_socket_candidates) and asks the sidecar who it is. `deadline_ms` is for
 * each request, connecting included. Every failure to reach it is JETON_SIDECAR_UNAVAILABLE, here and below. */
JETON_API jeton_code jeton_client_connect(const char* socket, size_t socket_size, uint32_t deadline_ms,
                                          jeton_client** client, jeton_error** error);
JETON_API const char* jeton_client_issuer(const jeton_client* client, size_t* size);
JETON_API const char* jeton_client_socket(const jeton_client* client, size_t* size);
/* GET of "/v1/status" or "/v1/jwks". */
JETON_API jeton_code jeton_client_status(const jeton_client* client, jeton_buffer** status, jeton_error** error);
JETON_API jeton_code jeton_client_jwks(const jeton_client* client, jeton_buffer** jwks, jeton_error** error);
/* One POST of the local door; `body` is a JSON object. A connection that had gone stale is replaced once. */
JETON_API jeton_code jeton_client_post(const jeton_client* client, const char* path, size_t path_size, const char* body,
                                       size_t body_size, jeton_buffer** answer, jeton_error** error);
/* Ends a call, or all calls of a run, for good. How many tokens were live. */
JETON_API jeton_code jeton_client_revoke_txn(const jeton_client* client, const char* txn, size_t txn_size,
                                             int64_t* revoked, jeton_error** error);
JETON_API jeton_code jeton_client_revoke_run(const jeton_client* client, const char* run_id, size_t run_id_size,
                                             int64_t* revoked, jeton_error** error);
JETON_API void jeton_client_free(jeton_client* client);

typedef struct jeton_call jeton_call;
/* Opens a call: policy decides and the event is durable before this returns. `call` is a JSON object with the members
 * of POST /v1/calls but open_id: tool, arguments, and perhaps server, call_id, run_id, session_id, parent_txn,
 * subject_token, traceparent, framework, agent_label. */
JETON_API jeton_code jeton_client_open(const jeton_client* client, const char* call, size_t call_size,
                                       jeton_call** opened, jeton_error** error);
JETON_API const char* jeton_call_txn(const jeton_call* call, size_t* size);
JETON_API const char* jeton_call_grant(const jeton_call* call, size_t* size);
/* The token of the next attempt, and about it {"jti","attempt","expires_at","previous","log_index"}; `about` may be
 * NULL. */
JETON_API jeton_code jeton_call_mint(jeton_call* call, const char* server, size_t server_size, jeton_buffer** token,
                                     jeton_buffer** about, jeton_error** error);
/* Reports how it went, durably: {"outcome"} and perhaps "detail", "duration_ms", "receipt". The first report counts.
 * `log_index` may be NULL. */
JETON_API jeton_code jeton_call_finish(jeton_call* call, const char* report, size_t report_size, uint64_t* log_index,
                                       jeton_error** error);
/* Reports "unknown" when nobody has, within the client's deadline. */
JETON_API void jeton_call_free(jeton_call* call);

/* ---- the tool server's side, blocking ---- */

typedef struct jeton_verifier jeton_verifier;
JETON_API jeton_code jeton_verifier_connect(const char* server, size_t server_size, const char* socket,
                                            size_t socket_size, uint32_t deadline_ms, jeton_verifier** verifier,
                                            jeton_error** error);
/* Everything but the spending; the claims. */
JETON_API jeton_code jeton_verifier_verify(const jeton_verifier* verifier, const char* token, size_t token_size,
                                           const char* tool, size_t tool_size, const char* arguments,
                                           size_t arguments_size, jeton_buffer** claims, jeton_error** error);
typedef struct jeton_redemption jeton_redemption;
/* Verifies here, then at the sidecar, which burns it; both must agree. JETON_LOG_UNAVAILABLE and
 * JETON_SIDECAR_UNAVAILABLE mean *unknown*: ask again with the same `redemption_id` (none: a new one). */
JETON_API jeton_code jeton_verifier_redeem(const jeton_verifier* verifier, const char* token, size_t token_size,
                                           const char* tool, size_t tool_size, const char* arguments,
                                           size_t arguments_size, const char* redemption_id, size_t redemption_id_size,
                                           jeton_redemption** redemption, jeton_error** error);
/* {"claims","arguments","redemption_id","redeemed_at","attempt","prior_redemptions","repeated","log_index"}. Run the
 * tool with these arguments and no others. */
JETON_API jeton_code jeton_redemption_content(const jeton_redemption* redemption, jeton_buffer** content,
                                              jeton_error** error);
/* How the tool went, as its server saw it: {"outcome"} and perhaps "detail", "duration_ms". `log_index` may be NULL. */
JETON_API jeton_code jeton_verifier_report(const jeton_verifier* verifier, const jeton_redemption* redemption,
                                           const char* report, size_t report_size, uint64_t* log_index,
                                           jeton_error** error);
JETON_API void jeton_redemption_free(jeton_redemption* redemption);
JETON_API void jeton_verifier_free(jeton_verifier* verifier);

/* ---- the local door without a socket, for a loop of one's own ---- */

/* The bytes of one request; an empty body sends none. */
JETON_API jeton_code jeton_request_encode(const char* method, size_t method_size, const char* target,
                                          size_t target_size, const char* body, size_t body_size,
                                          jeton_buffer** request, jeton_error** error);

/* Reads one answer, within the bounds of the sdk's own client. */
typedef struct jeton_decoder jeton_decoder;
JETON_API jeton_code jeton_decoder_new(jeton_decoder** decoder, jeton_error** error);
/* Takes the next bytes; `*done` becomes 1 once the answer is whole. Broken is JETON_SIDECAR_UNAVAILABLE. */
JETON_API jeton_code jeton_decoder_feed(jeton_decoder* decoder, const char* bytes, size_t bytes_size, int* done,
                                        jeton_error** error);
/* 1 if the connection may carry another request; 0 before the answer is whole. */
JETON_API int jeton_decoder_reusable(const jeton_decoder* decoder);
/* Status and body of a whole answer as they came, once. */
JETON_API jeton_code jeton_decoder_take(jeton_decoder* decoder, int* status, jeton_buffer** body, jeton_error** error);
/* The same read as the sdk reads it, once: the JSON of a 2xx, or the sidecar's refusal as the error. */
JETON_API jeton_code jeton_decoder_answer(jeton_decoder* decoder, jeton_buffer** json, jeton_error** error);
JETON_API void jeton_decoder_free(jeton_decoder* decoder);

#ifdef __cplusplus
}
#endif

#endif
