// The local door's bytes for C: whoever has a loop brings the socket.
#include "jeton/http_codec.hpp"

#include "boundary.hpp"

using namespace jeton;
using namespace jeton::abi;

struct jeton_decoder {
  AnswerDecoder decoder;
};

namespace {

Result<HttpAnswer> whole(jeton_decoder& decoder) {
  if (!decoder.decoder.done()) return refuse(Code::bad_request, "the answer is not whole yet; feed the decoder more");
  auto answer = decoder.decoder.take();
  decoder.decoder = AnswerDecoder();
  return answer;
}

}  // namespace

jeton_code jeton_request_encode(const char* method, size_t method_size, const char* target, size_t target_size,
                                const char* body, size_t body_size, jeton_buffer** request, jeton_error** error) {
  return give(request, error, [&] {
    return encode_request(text(method, method_size), text(target, target_size), text(body, body_size));
  });
}

jeton_code jeton_decoder_new(jeton_decoder** decoder, jeton_error** error) {
  return give(decoder, error, []() -> Result<AnswerDecoder> { return AnswerDecoder(); });
}

jeton_code jeton_decoder_feed(jeton_decoder* decoder, const char* bytes, size_t bytes_size, int* done,
                              jeton_error** error) {
  if (done != nullptr) *done = 0;
  return guarded(error, [&]() -> Result<void> {
    auto& place = at(done);
    const auto state = at(decoder).decoder.feed(text(bytes, bytes_size));
    if (!state) return refuse(state.error());
    place = *state == AnswerDecoder::State::done ? 1 : 0;
    return {};
  });
}

int jeton_decoder_reusable(const jeton_decoder* decoder) {
  return decoder != nullptr && decoder->decoder.reusable() ? 1 : 0;
}

jeton_code jeton_decoder_take(jeton_decoder* decoder, int* status, jeton_buffer** body, jeton_error** error) {
  if (status != nullptr) *status = 0;
  return give(body, error, [&]() -> Result<std::string> {
    auto& place = at(status);
    auto answer = whole(at(decoder));
    if (!answer) return refuse(answer.error());
    place = answer->status;
    return std::move(answer->body);
  });
}

jeton_code jeton_decoder_answer(jeton_decoder* decoder, jeton_buffer** json, jeton_error** error) {
  return give(json, error, [&]() -> Result<std::string> {
    auto answer = whole(at(decoder));
    if (!answer) return refuse(answer.error());
    const auto read = read_answer(std::move(*answer));
    if (!read) return refuse(read.error());
    return canonical_json(*read);
  });
}

void jeton_decoder_free(jeton_decoder* decoder) { delete decoder; }
