// The floor: what the machine itself charges for the same bytes, one signature and the same rows made durable. Nothing
// else.
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <sodium.h>
#include <sqlite3.h>
#include <unistd.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "store/schema/schema.hpp"

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Stream = asio::local::stream_protocol;

/// One raw Ed25519 operation and one raw row, under the durability asked for: that of a mint or of a redemption.
class Work {
 public:
  Work(const std::string& file, bool full) {
    crypto_sign_keypair(public_, secret_);
    sqlite3_open(file.c_str(), &db_);
    run("PRAGMA journal_mode = WAL");
    run(full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
    for (const auto step : jeton::schema_steps()) run(std::string(step).c_str());
    minted_ = prepare(
        "INSERT INTO event (event, time_us, txn, jti, agent, server, tool, attempt, \"grant\", role, uid, gid, pid, "
        "exe, socket, call_id, token_sha256, args_mac, expires_at, previous, leaf) VALUES (7, 1795300000000000, ?1, "
        "?1, 1, 2, 3, 1, 4, 1, 1000, 1000, 4242, 5, 6, 'call_12345678', ?2, ?2, 1795300030, 1, ?2)");
    redeemed_ = prepare(
        "INSERT INTO event (event, time_us, txn, jti, agent, server, tool, attempt, role, uid, gid, pid, exe, socket, "
        "token_sha256, redemption, prior_redemptions, self_redeemed, leaf) VALUES (9, 1795300000000000, ?1, ?1, 1, 2, "
        "3, 1, 2, 1000, 1000, 4242, 5, 6, ?2, ?1, 0, 1, ?2)");
  }
  void begin() { run("BEGIN IMMEDIATE"); }
  void commit() { run("COMMIT"); }
  void sign_and_insert(const std::string& message, bool redemption) {
    unsigned char signature[crypto_sign_BYTES];
    crypto_sign_detached(signature, nullptr, reinterpret_cast<const unsigned char*>(message.data()), message.size(),
                         secret_);
    char id[23] = {};
    sodium_bin2base64(id, sizeof id, signature, 16, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    auto* insert = redemption ? redeemed_ : minted_;
    sqlite3_bind_text(insert, 1, id, 22, SQLITE_TRANSIENT);
    sqlite3_bind_blob(insert, 2, signature, 32, SQLITE_TRANSIENT);
    if (sqlite3_step(insert) != SQLITE_DONE) throw std::runtime_error(sqlite3_errmsg(db_));
    sqlite3_reset(insert);
  }

 private:
  void run(const char* sql) {
    if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) throw std::runtime_error(sqlite3_errmsg(db_));
  }
  sqlite3_stmt* prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr);
    if (statement == nullptr) throw std::runtime_error(sqlite3_errmsg(db_));
    return statement;
  }
  unsigned char public_[crypto_sign_PUBLICKEYBYTES];
  unsigned char secret_[crypto_sign_SECRETKEYBYTES];
  sqlite3* db_ = nullptr;
  sqlite3_stmt* minted_ = nullptr;
  sqlite3_stmt* redeemed_ = nullptr;
};

struct Session;
/// Whatever is ready shares a transaction, as a group commit would.
struct Floor {
  asio::io_context context{1};
  Work work;
  std::vector<std::shared_ptr<Session>> ready;
  Floor(const std::string& file, bool full) : work(file, full) {}
  void add(std::shared_ptr<Session> session);
  void flush();
};

struct Session : std::enable_shared_from_this<Session> {
  Stream::socket socket;
  Floor& floor;
  boost::beast::flat_buffer buffer;
  http::request<http::string_body> request;
  http::response<http::string_body> response;
  Session(Stream::socket connected, Floor& owner) : socket(std::move(connected)), floor(owner) {}

  void read() {
    request = {};
    http::async_read(socket, buffer, request,
                     [self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
                       if (!error) self->floor.add(self);
                     });
  }
  void answer() {
    response = {};
    response.set(http::field::content_type, "application/json");
    // As long as a real answer: a token of about 800 bytes and its company. The first answer must look like a status.
    response.body() = request.method() == http::verb::get ? R"({"issuer":"floor"})"
                                                          : R"({"token":")" + std::string(1000, 'x') + R"("})";
    response.keep_alive(true);
    response.prepare_payload();
    http::async_write(socket, response,
                      [self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
                        if (!error) self->read();
                      });
  }
};

void Floor::add(std::shared_ptr<Session> session) {
  if (session->request.method() == http::verb::get) return session->answer();
  ready.push_back(std::move(session));
  if (ready.size() == 1) asio::post(context, [this] { flush(); });
}

void Floor::flush() {
  auto group = std::exchange(ready, {});
  work.begin();
  for (const auto& session : group)
    work.sign_and_insert(session->request.body(), session->request.target() == "/v1/redeem");
  work.commit();
  for (const auto& session : group) session->answer();
}

void accept(Stream::acceptor& acceptor, Floor& floor) {
  acceptor.async_accept([&](const boost::system::error_code& error, Stream::socket socket) {
    if (error) return;
    std::make_shared<Session>(std::move(socket), floor)->read();
    accept(acceptor, floor);
  });
}

}  // namespace
int main(int argc, char** argv) {
  if (argc != 4 || sodium_init() < 0) return 2;
  Floor floor(argv[1], std::string(argv[2]) == "full");
  ::unlink(argv[3]);
  Stream::acceptor acceptor(floor.context, Stream::endpoint(argv[3]));
  accept(acceptor, floor);
  fmt::print("ready socket={}\n", argv[3]);
  std::fflush(stdout);
  floor.context.run();
}
