// Every function of jeton.h as C calls it, and every way it refuses: compiled as strict C11, run without a sidecar.
#include "jeton.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int checks = 0;
static int failures = 0;

#define CHECK(what)                                                             \
  do {                                                                          \
    ++checks;                                                                   \
    if (!(what)) {                                                              \
      ++failures;                                                               \
      fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #what); \
    }                                                                           \
  } while (0)

/* A text and its length, as the functions take them. */
#define T(text) (text), (sizeof(text) - 1)
#define NONE NULL, 0

/* The call refuses with this code, says why, and gives nothing out; and it can do so without telling. */
#define REFUSES(code, out, call_with)   \
  do {                                  \
    jeton_error* error = NULL;          \
    out = SOMETHING;                    \
    CHECK(call_with(&error) == (code)); \
    CHECK(out == 0);                    \
    check_error(error, (code));         \
    CHECK(call_with(NULL) == (code));   \
  } while (0)
/* Something that is not nothing: it must be gone after a refusal. */
#define SOMETHING ((void*)&checks)

static void check_error(jeton_error* error, jeton_code code) {
  size_t size = 99;
  CHECK(error != NULL);
  CHECK(jeton_error_code(error) == code);
  const char* message = jeton_error_message(error, &size);
  CHECK(message != NULL && size == strlen(message) && size > 0);
  jeton_error_free(error);
}

static void codes(void) {
  CHECK(jeton_abi_version() == JETON_ABI_VERSION);
  CHECK(strlen(jeton_version()) >= 5);
  CHECK(strcmp(jeton_code_name(JETON_BAD_REQUEST), "bad_request") == 0);
  CHECK(strcmp(jeton_code_name(JETON_SIDECAR_UNAVAILABLE), "sidecar_unavailable") == 0);
  for (jeton_code code = JETON_BAD_REQUEST; code <= JETON_SIDECAR_UNAVAILABLE; ++code)
    CHECK(jeton_code_name(code) != NULL && jeton_code_sentence(code) != NULL);
  CHECK(jeton_code_name(JETON_OK) == NULL && jeton_code_sentence(JETON_OK) == NULL);
  CHECK(jeton_code_name(-1) == NULL && jeton_code_name(JETON_SIDECAR_UNAVAILABLE + 1) == NULL);
}

static void nothing_is_taken(void) {
  size_t size = 99;
  uint64_t index = 99;
  CHECK(jeton_error_code(NULL) == JETON_OK);
  CHECK(jeton_error_message(NULL, &size) == NULL && size == 0);
  CHECK(jeton_error_txn(NULL, NULL) == NULL && jeton_error_pointer(NULL, NULL) == NULL);
  CHECK(jeton_error_log_index(NULL, &index) == 0 && index == 0);
  CHECK(jeton_buffer_data(NULL, NULL) == NULL);
  CHECK(jeton_client_issuer(NULL, NULL) == NULL && jeton_client_socket(NULL, NULL) == NULL);
  CHECK(jeton_call_txn(NULL, NULL) == NULL && jeton_call_grant(NULL, NULL) == NULL);
  CHECK(jeton_keys_has(NULL, T("kid")) == 0 && jeton_decoder_reusable(NULL) == 0);
  jeton_error_free(NULL);
  jeton_buffer_free(NULL);
  jeton_keys_free(NULL);
  jeton_key_free(NULL);
  jeton_client_free(NULL);
  jeton_call_free(NULL);
  jeton_verifier_free(NULL);
  jeton_redemption_free(NULL);
  jeton_decoder_free(NULL);
}

static void values(void) {
  jeton_buffer* buffer;
#define BAD_JSON(e) jeton_json_canonical(T("{\"a\":1,\"a\":2}"), &buffer, e)
  REFUSES(JETON_BAD_ARGUMENTS, buffer, BAD_JSON);
#define NULL_JSON(e) jeton_json_canonical(NULL, 5, &buffer, e)
  REFUSES(JETON_BAD_REQUEST, buffer, NULL_JSON);
#define BAD_BODY(e) jeton_body_canonical(T("{\"a\":1,\"a\":2}"), &buffer, e)
  REFUSES(JETON_BAD_REQUEST, buffer, BAD_BODY);
#define BAD_BODY_ARGUMENTS(e) jeton_body_canonical(T("{\"arguments\":{\"a\":1,\"a\":2}}"), &buffer, e)
  REFUSES(JETON_BAD_ARGUMENTS, buffer, BAD_BODY_ARGUMENTS);
#define NO_BODY(e) jeton_body_canonical(T("[]"), &buffer, e)
  REFUSES(JETON_BAD_REQUEST, buffer, NO_BODY);
#define NO_OBJECT(e) jeton_args_digest(T("refund"), T("[]"), &buffer, e)
  REFUSES(JETON_BAD_ARGUMENTS, buffer, NO_OBJECT);
#define BAD_TOOL(e) jeton_args_digest(T("\xff"), T("{}"), &buffer, e)
  REFUSES(JETON_BAD_ARGUMENTS, buffer, BAD_TOOL);
#define NULL_TOOL(e) jeton_args_digest(NULL, 1, T("{}"), &buffer, e)
  REFUSES(JETON_BAD_REQUEST, buffer, NULL_TOOL);
  CHECK(jeton_random_id(NULL, NULL) == JETON_BAD_REQUEST);
  CHECK(jeton_json_canonical(T("{}"), NULL, NULL) == JETON_BAD_REQUEST);

  jeton_error* error = NULL;
  size_t size = 0;
  CHECK(jeton_args_digest(T("refund"), T("{\"a\":[1,{\"b\":1e999}]}"), &buffer, &error) == JETON_BAD_ARGUMENTS);
  CHECK(strcmp(jeton_error_pointer(error, &size), "/a/1/b") == 0 && size == 6);
  jeton_error_free(error);

  CHECK(jeton_args_digest(T("ping_db"), T("{ }"), &buffer, &error) == JETON_OK && error == NULL);
  const char* digest = jeton_buffer_data(buffer, &size);
  CHECK(size == 43 && strcmp(digest, "ykIcxFiZ1lage_1lSIJMbKa3WTd3ZHwh4BeFdffyQjc") == 0);
  jeton_buffer_free(buffer);
  CHECK(jeton_random_id(&buffer, NULL) == JETON_OK);
  jeton_buffer_free(buffer);
}

static void keys_and_tokens(void) {
  jeton_keys* keys;
  jeton_key* key;
  jeton_buffer* buffer;
#define NO_KEYS(e) jeton_keys_read(T("{\"keys\":5}"), &keys, e)
  REFUSES(JETON_BAD_REQUEST, keys, NO_KEYS);
#define NO_TOKEN(e) jeton_token_read_unverified(T("x"), &buffer, e)
  REFUSES(JETON_BAD_TOKEN, buffer, NO_TOKEN);
#define NULL_KEY(e) jeton_key_jwk(NULL, &buffer, e)
  REFUSES(JETON_BAD_REQUEST, buffer, NULL_KEY);
  CHECK(jeton_key_generate(NULL, NULL) == JETON_BAD_REQUEST);
  CHECK(jeton_key_generate(&key, NULL) == JETON_OK);
#define NO_CLAIMS(e) jeton_key_sign(key, T("{\"iss\":\"x\"}"), &buffer, e)
  REFUSES(JETON_BAD_TOKEN, buffer, NO_CLAIMS);
#define NO_JSON(e) jeton_key_sign(key, T("{"), &buffer, e)
  REFUSES(JETON_BAD_REQUEST, buffer, NO_JSON);

  CHECK(jeton_key_jwk(key, &buffer, NULL) == JETON_OK);
  char set[512];
  snprintf(set, sizeof set, "{\"keys\":[%s]}", jeton_buffer_data(buffer, NULL));
  jeton_buffer_free(buffer);
  CHECK(jeton_keys_read(set, strlen(set), &keys, NULL) == JETON_OK);
  CHECK(jeton_keys_has(keys, T("other")) == 0);
#define VERIFY(e) jeton_token_verify(T("x.y.z"), keys, T("i"), T("s"), T("t"), T("{}"), NULL, &buffer, e)
  REFUSES(JETON_BAD_TOKEN, buffer, VERIFY);
#define VERIFY_NULL(e) jeton_token_verify(T("x.y.z"), NULL, T("i"), T("s"), T("t"), T("{}"), NULL, &buffer, e)
  REFUSES(JETON_BAD_REQUEST, buffer, VERIFY_NULL);
  jeton_keys_free(keys);
  jeton_key_free(key);
}

static void without_a_sidecar(void) {
  jeton_client* client;
  jeton_verifier* verifier;
  jeton_buffer* buffer;
  jeton_call* call;
  jeton_redemption* redemption;
  int64_t revoked;
  uint64_t index;
#define CONNECT(e) jeton_client_connect(T("/nowhere/agent.sock"), 50, &client, e)
  REFUSES(JETON_SIDECAR_UNAVAILABLE, client, CONNECT);
#define CONNECT_V(e) jeton_verifier_connect(T("s"), T("/nowhere/agent.sock"), 50, &verifier, e)
  REFUSES(JETON_SIDECAR_UNAVAILABLE, verifier, CONNECT_V);
#define STATUS(e) jeton_client_status(NULL, &buffer, e)
  REFUSES(JETON_BAD_REQUEST, buffer, STATUS);
#define JWKS(e) jeton_client_jwks(NULL, &buffer, e)
  REFUSES(JETON_BAD_REQUEST, buffer, JWKS);
#define POST(e) jeton_client_post(NULL, T("/v1/calls"), T("{}"), &buffer, e)
  REFUSES(JETON_BAD_REQUEST, buffer, POST);
#define OPEN(e) jeton_client_open(NULL, T("{\"tool\":\"x\"}"), &call, e)
  REFUSES(JETON_BAD_REQUEST, call, OPEN);
#define MINT(e) jeton_call_mint(NULL, T("s"), &buffer, NULL, e)
  REFUSES(JETON_BAD_REQUEST, buffer, MINT);
#define REDEEM(e) jeton_verifier_redeem(NULL, T("x"), T("t"), T("{}"), NONE, &redemption, e)
  REFUSES(JETON_BAD_REQUEST, redemption, REDEEM);
#define VERIFIER_VERIFY(e) jeton_verifier_verify(NULL, T("x"), T("t"), T("{}"), &buffer, e)
  REFUSES(JETON_BAD_REQUEST, buffer, VERIFIER_VERIFY);
#define CONTENT(e) jeton_redemption_content(NULL, &buffer, e)
  REFUSES(JETON_BAD_REQUEST, buffer, CONTENT);
  CHECK(jeton_client_revoke_txn(NULL, T("x"), &revoked, NULL) == JETON_BAD_REQUEST && revoked == 0);
  CHECK(jeton_client_revoke_run(NULL, T("x"), &revoked, NULL) == JETON_BAD_REQUEST && revoked == 0);
  CHECK(jeton_client_revoke_run(NULL, T("x"), NULL, NULL) == JETON_BAD_REQUEST);
  CHECK(jeton_call_finish(NULL, T("{\"outcome\":\"ok\"}"), &index, NULL) == JETON_BAD_REQUEST && index == 0);
  CHECK(jeton_call_finish(NULL, T("{\"outcome\":\"fine\"}"), NULL, NULL) == JETON_BAD_REQUEST);
  CHECK(jeton_verifier_report(NULL, NULL, T("{\"outcome\":\"ok\"}"), &index, NULL) == JETON_BAD_REQUEST);

  CHECK(jeton_socket_candidates(T("/a"), &buffer, NULL) == JETON_OK);
  CHECK(strcmp(jeton_buffer_data(buffer, NULL), "[\"/a\"]") == 0);
  jeton_buffer_free(buffer);
}

static void codec(void) {
  jeton_buffer* buffer;
  jeton_decoder* decoder;
  int done = 1, status = 1;
#define LINE(e) jeton_request_encode(T("GET"), T("/a\r\nb"), NONE, &buffer, e)
  REFUSES(JETON_BAD_REQUEST, buffer, LINE);
#define METHOD(e) jeton_request_encode(T("get"), T("/"), NONE, &buffer, e)
  REFUSES(JETON_BAD_REQUEST, buffer, METHOD);
  CHECK(jeton_decoder_new(NULL, NULL) == JETON_BAD_REQUEST);
  CHECK(jeton_decoder_new(&decoder, NULL) == JETON_OK);
#define EARLY(e) jeton_decoder_take(decoder, &status, &buffer, e)
  REFUSES(JETON_BAD_REQUEST, buffer, EARLY);
  CHECK(status == 0);
#define EARLY_ANSWER(e) jeton_decoder_answer(decoder, &buffer, e)
  REFUSES(JETON_BAD_REQUEST, buffer, EARLY_ANSWER);
  CHECK(jeton_decoder_feed(decoder, T("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\n{"), &done, NULL) == JETON_OK);
  CHECK(done == 0 && jeton_decoder_reusable(decoder) == 0);
  CHECK(jeton_decoder_feed(decoder, T("}"), &done, NULL) == JETON_OK && done == 1);
  CHECK(jeton_decoder_reusable(decoder) == 1);
  CHECK(jeton_decoder_take(decoder, &status, &buffer, NULL) == JETON_OK && status == 403);
  CHECK(strcmp(jeton_buffer_data(buffer, NULL), "{}") == 0);
  jeton_buffer_free(buffer);

  jeton_error* error = NULL;
  uint64_t index = 0;
  CHECK(jeton_decoder_feed(decoder,
                           T("HTTP/1.1 403 No\r\nContent-Length: 64\r\n\r\n"
                             "{\"code\":\"no_grant\",\"detail\":\"why\",\"txn\":\"t\",\"log_index\":3,\"x\":1}"),
                           &done, &error) == JETON_OK);
  CHECK(done == 1);
  CHECK(jeton_decoder_answer(decoder, &buffer, &error) == JETON_NO_GRANT);
  CHECK(strcmp(jeton_error_message(error, NULL), "why") == 0 && strcmp(jeton_error_txn(error, NULL), "t") == 0);
  CHECK(jeton_error_log_index(error, &index) == 1 && index == 3);
  jeton_error_free(error);

  CHECK(jeton_decoder_feed(decoder, T("SSH-2.0\r\n"), &done, NULL) == JETON_SIDECAR_UNAVAILABLE && done == 0);
  CHECK(jeton_decoder_feed(decoder, T("x"), &done, NULL) == JETON_SIDECAR_UNAVAILABLE);
  CHECK(jeton_decoder_feed(NULL, T("x"), &done, NULL) == JETON_BAD_REQUEST);
  CHECK(jeton_decoder_feed(decoder, T("x"), NULL, NULL) == JETON_BAD_REQUEST);
  jeton_decoder_free(decoder);
}

int main(void) {
  codes();
  nothing_is_taken();
  values();
  keys_and_tokens();
  without_a_sidecar();
  codec();
  printf("%d checks, %d failures\n", checks, failures);
  return failures == 0 && checks > 200 ? EXIT_SUCCESS : EXIT_FAILURE;
}
