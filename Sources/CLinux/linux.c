#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

int linux_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int linux_open_process(pid_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }

int linux_open_signals(const sigset_t *set) {
  return signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int linux_ignores(int signal) {
  struct sigaction action;
  return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

int linux_next_signal(int descriptor) {
  struct signalfd_siginfo info;
  ssize_t count = read(descriptor, &info, sizeof info);
  if (count == (ssize_t)sizeof info) return (int)info.ssi_signo;
  return count < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

int linux_open_ready_queue(void) { return epoll_create1(EPOLL_CLOEXEC); }

int linux_watch(int queue, int descriptor, uint32_t tag) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT, .data.u32 = tag};
  return epoll_ctl(queue, EPOLL_CTL_ADD, descriptor, &event);
}

int linux_take_ready(int queue, uint32_t *tags, int capacity) {
  struct epoll_event events[64];
  if (capacity > 64) capacity = 64;
  int count = epoll_wait(queue, events, capacity, 0);
  for (int i = 0; i < count; i++) tags[i] = events[i].data.u32;
  return count;
}

int linux_spawn_closing_from(posix_spawn_file_actions_t *actions, int lowest) {
  errno = posix_spawn_file_actions_addclosefrom_np(actions, lowest);
  return errno == 0 ? 0 : -1;
}

int linux_exchange(const char *first, const char *second) {
  return renameat2(AT_FDCWD, first, AT_FDCWD, second, RENAME_EXCHANGE);
}

int linux_usable_processors(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return -1;
  return CPU_COUNT(&set);
}
