// glibc's epoll, which its Swift module leaves out. Linux only.
#pragma once
#if defined(__linux__)
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

typedef struct {
  uint32_t events;
  uint64_t data;
} onsale_event;

enum {
  onsale_event_in = EPOLLIN,
  onsale_event_out = EPOLLOUT,
  onsale_event_gone = EPOLLRDHUP | EPOLLHUP | EPOLLERR,
  onsale_event_hangup = EPOLLRDHUP
};

static inline int onsale_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }
static inline int onsale_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

static inline int onsale_epoll_set(int queue, int is_new, int descriptor, uint32_t events, uint64_t data) {
  struct epoll_event event = {.events = events, .data = {.u64 = data}};
  return epoll_ctl(queue, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor, &event);
}

static inline int onsale_epoll_wait(int queue, onsale_event *events, int count, int milliseconds) {
  struct epoll_event found[256];
  int number = epoll_wait(queue, found, count < 256 ? count : 256, milliseconds);
  for (int index = 0; index < number; index++) {
    events[index].events = found[index].events;
    events[index].data = found[index].data.u64;
  }
  return number;
}
#endif
