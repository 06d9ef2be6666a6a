// Whose a connection is, and its end.
#include "http/session.hpp"

#include <ctime>

#include "http/message.hpp"
#include "http/tcp_socket.hpp"

namespace jeton {

bool Session::know_by_address() {
  const int descriptor = socket.native_handle();
  auto ends = ends_of(descriptor);
  if (!ends) return false;
  send_without_delay(descriptor);
  known.uid = no_uid;
  known.gid = static_cast<gid_t>(no_uid);
  known.socket = ends->here.text();
  known.remote = std::move(ends->there.host);
  return true;
}

Result<Caller> Session::caller(const std::shared_ptr<const TlsContext>& in_force) {
  if (peer) return peer->caller();
  if (tls) known.certificate = tls->certificate(in_force, std::time(nullptr));
  return known;
}

RequestReader::Sender Session::sender(std::size_t body_bytes_max) const {
  if (!stranger) return RequestReader::Sender::known;
  if (!known.remote) return RequestReader::Sender::stranger;
  return body_bytes_max == strangers_body_bytes ? RequestReader::Sender::unproved : RequestReader::Sender::known;
}

void Session::expire() {
  boost::system::error_code ignored;
  deadline = SteadyClock::time_point::max();
  timed_out = phase == Phase::reading;
  if (timed_out)
    socket.cancel(ignored);  // it is still told why
  else
    socket.close(ignored);
}

}  // namespace jeton
