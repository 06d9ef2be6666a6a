// Handing a descriptor to another process (SCM_RIGHTS).
#pragma once

#include <cstring>
#include <stdexcept>

#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace jeton::outside {

/// Two ends that descriptors, and single bytes, can be handed through.
class Hatch {
 public:
  Hatch() {
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_) != 0) throw std::runtime_error("socketpair");
    const timeval patience{60, 0};
    for (const int fd : ends_) ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~Hatch() {
    for (const int fd : ends_) ::close(fd);
  }
  Hatch(const Hatch&) = delete;
  Hatch& operator=(const Hatch&) = delete;

  [[nodiscard]] int here() const { return ends_[0]; }
  [[nodiscard]] int there() const { return ends_[1]; }

  /// One byte, with a descriptor where one is given.
  static void give(int end, int fd = -1) {
    Message message;
    if (fd >= 0) {
      message.header.msg_control = message.control;
      message.header.msg_controllen = sizeof message.control;
      auto* control = CMSG_FIRSTHDR(&message.header);
      control->cmsg_level = SOL_SOCKET;
      control->cmsg_type = SCM_RIGHTS;
      control->cmsg_len = CMSG_LEN(sizeof fd);
      std::memcpy(CMSG_DATA(control), &fd, sizeof fd);
    }
    if (::sendmsg(end, &message.header, MSG_NOSIGNAL) != 1) throw std::runtime_error("nobody takes it");
  }

  /// Waits for a byte, a minute at most; the descriptor that came with it, or -1.
  static int take(int end) {
    Message message;
    message.header.msg_control = message.control;
    message.header.msg_controllen = sizeof message.control;
    if (::recvmsg(end, &message.header, MSG_CMSG_CLOEXEC) != 1) throw std::runtime_error("nothing came");
    int fd = -1;
    if (auto* control = CMSG_FIRSTHDR(&message.header); control != nullptr && control->cmsg_type == SCM_RIGHTS)
      std::memcpy(&fd, CMSG_DATA(control), sizeof fd);
    return fd;
  }

 private:
  struct Message {
    char byte = 'x';
    iovec bytes{&byte, 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr header{};
    Message() {
      header.msg_iov = &bytes;
      header.msg_iovlen = 1;
    }
  };
  int ends_[2];
};

}  // namespace jeton::outside
