// Errors and buffers as C holds them.
#include "boundary.hpp"

#include <new>

namespace jeton::abi {
namespace {

// The daemon's own bounds may be configured higher than JsonLimits; it has the last word on size.
constexpr JsonLimits body_limits{.bytes = 64 << 20, .depth = JsonLimits{}.depth + 1};
constexpr JsonLimits arguments_limits{.bytes = 64 << 20};

bool lies_under_arguments(std::string_view pointer) {
  constexpr std::string_view member = "/arguments";
  return pointer.starts_with(member) && (pointer.size() == member.size() || pointer[member.size()] == '/');
}

Error error_of(Code code, JsonError fault) {
  Error error{code, std::move(fault.message)};
  error.pointer = std::move(fault.pointer);
  return error;
}

}  // namespace

jeton_code fail(Error failure, jeton_error** error) noexcept {
  const auto code = static_cast<jeton_code>(failure.code);
  if (error != nullptr) *error = new (std::nothrow) jeton_error{std::move(failure)};
  return code;
}

jeton_code fail_with_current_exception(jeton_error** error) noexcept {
  try {
    throw;
  } catch (const NullPointer&) {
    try {
      return fail({Code::bad_request, "a pointer is NULL that must not be"}, error);
    } catch (...) {
      return JETON_BAD_REQUEST;
    }
  } catch (const std::exception& fault) {
    try {
      return fail({Code::internal, std::string("a fault of the library's own: ") + fault.what()}, error);
    } catch (...) {
      return JETON_INTERNAL;
    }
  } catch (...) {
    return JETON_INTERNAL;
  }
}

Result<Json> read_object(std::string_view text) {
  auto parsed = parse_json_strictly(text, body_limits);
  if (!parsed) {
    const bool of_arguments = lies_under_arguments(parsed.error().pointer) && parsed.error().fault != JsonFault::syntax;
    return refuse(error_of(of_arguments ? Code::bad_arguments : Code::bad_request, std::move(parsed.error())));
  }
  if (!parsed->is_object()) return refuse(Code::bad_request, "a JSON object is needed");
  return std::move(*parsed);
}

Result<Json> read_arguments(std::string_view text) {
  auto parsed = parse_json_strictly(text, arguments_limits);
  if (!parsed) return refuse(error_of(Code::bad_arguments, std::move(parsed.error())));
  if (!parsed->is_object())
    return refuse(error_of(Code::bad_arguments,
                           {JsonFault::syntax, "", "arguments must be an object; send {} where there are none"}));
  return std::move(*parsed);
}

}  // namespace jeton::abi

using namespace jeton::abi;

uint32_t jeton_abi_version(void) { return JETON_ABI_VERSION; }
const char* jeton_version(void) { return JETON_VERSION_TEXT; }

const char* jeton_code_name(jeton_code code) {
  const auto codes = jeton::all_codes();
  return code < 1 || static_cast<std::size_t>(code) > codes.size()
             ? nullptr
             : codes[static_cast<std::size_t>(code) - 1].name.data();
}
const char* jeton_code_sentence(jeton_code code) {
  const auto codes = jeton::all_codes();
  return code < 1 || static_cast<std::size_t>(code) > codes.size()
             ? nullptr
             : codes[static_cast<std::size_t>(code) - 1].sentence.data();
}

jeton_code jeton_error_code(const jeton_error* error) {
  return error == nullptr ? jeton_code{JETON_OK} : static_cast<jeton_code>(error->error.code);
}
const char* jeton_error_message(const jeton_error* error, size_t* size) {
  return error == nullptr ? lend_nothing(size) : lend(error->error.message, size);
}
const char* jeton_error_txn(const jeton_error* error, size_t* size) {
  return error == nullptr || !error->error.txn ? lend_nothing(size) : lend(*error->error.txn, size);
}
const char* jeton_error_pointer(const jeton_error* error, size_t* size) {
  return error == nullptr || !error->error.pointer ? lend_nothing(size) : lend(*error->error.pointer, size);
}
int jeton_error_log_index(const jeton_error* error, uint64_t* log_index) {
  const bool known = error != nullptr && error->error.log_index;
  if (log_index != nullptr) *log_index = known ? *error->error.log_index : 0;
  return known ? 1 : 0;
}
void jeton_error_free(jeton_error* error) { delete error; }

const char* jeton_buffer_data(const jeton_buffer* buffer, size_t* size) {
  return buffer == nullptr ? lend_nothing(size) : lend(buffer->bytes, size);
}
void jeton_buffer_free(jeton_buffer* buffer) { delete buffer; }
