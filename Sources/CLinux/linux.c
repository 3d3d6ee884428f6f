#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

int linux_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int linux_pipe_capacity(int end) { return fcntl(end, F_GETPIPE_SZ); }

int linux_open_process(pid_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }

int linux_open_signals(const sigset_t *set) {
  return signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int linux_ignores(int signal) {
  struct sigaction action;
  return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

int linux_guard_group(int lifeline) {
  pid_t child = fork();
  if (child < 0) return -1;
  if (child == 0) {
    // The guard is a grandchild, so that the program never has to collect it.
    pid_t guard = fork();
    if (guard != 0) _exit(guard < 0);
    // Signals that ask the group to end must not end the guard.
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    prctl(PR_SET_NAME, "twins-guard");
    // Closes all inherited descriptors, which only the program should hold.
    dup2(lifeline, 0);
    syscall(SYS_close_range, 1, ~0U, 0);
    struct pollfd entry = {.fd = 0};
    while (poll(&entry, 1, -1) < 1) continue;
    kill(0, SIGKILL);
    _exit(0);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (status == 0) return 0;
  errno = EAGAIN;
  return -1;
}

int linux_inherits_orphans(void) {
  int is_subreaper = 0;
  return getpid() == 1 || (prctl(PR_GET_CHILD_SUBREAPER, &is_subreaper) == 0 && is_subreaper != 0);
}

pid_t linux_ended_child(void) {
  siginfo_t info = {0};
  return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 ? info.si_pid : 0;
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

int linux_watch_always(int queue, int descriptor, uint32_t tag) {
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = tag};
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

int linux_memory_file(const char *name) { return memfd_create(name, MFD_CLOEXEC); }

int linux_populate(void *start, size_t length) {
  int status;
  do status = madvise(start, length, MADV_POPULATE_WRITE);
  while (status != 0 && errno == EINTR);
  return status;
}

int linux_prefer_large_pages(void *start, size_t length) { return madvise(start, length, MADV_HUGEPAGE); }

int linux_make_large_page(void *start) {
  // The kernel does not collapse an empty range, so one small page comes first.
  return linux_populate(start, 1) != 0 ? -1 : madvise(start, 2 << 20, MADV_COLLAPSE);
}

uint32_t linux_load_word(const uint32_t *word) { return __atomic_load_n(word, __ATOMIC_SEQ_CST); }

void linux_store_word(uint32_t *word, uint32_t value) { __atomic_store_n(word, value, __ATOMIC_SEQ_CST); }

uint32_t linux_increment_word(uint32_t *word) { return __atomic_add_fetch(word, 1, __ATOMIC_SEQ_CST); }

int linux_replace_word(uint32_t *word, uint32_t expected, uint32_t value) {
  return __atomic_compare_exchange_n(word, &expected, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

// Atomically writes the zero that a fresh page holds, unless another thread has written a number. A thread
// sanitizer would report a race, though concurrent readers and writers of the word notice nothing.
#if defined(__has_feature) && __has_feature(thread_sanitizer)
__attribute__((disable_sanitizer_instrumentation))
#endif
void linux_touch_word(uint32_t *word) {
  uint32_t zero = 0;
  __atomic_compare_exchange_n(word, &zero, 0, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

void linux_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// Without FUTEX_PRIVATE_FLAG, since several processes share the word.
int linux_wait_while(uint32_t *word, uint32_t value, long nanoseconds) {
  struct timespec limit = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
  return (int)syscall(SYS_futex, word, FUTEX_WAIT, value, &limit, NULL, 0);
}

int linux_wake(uint32_t *word) { return (int)syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0); }

void linux_keep_memory(void) {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
#endif
}

int linux_sealed_memory_file(const char *name, size_t length) {
  int file = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (file < 0) return -1;
  if (ftruncate(file, (off_t)length) == 0
      && fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
    return file;
  int failure = errno;
  close(file);
  errno = failure;
  return -1;
}

// A cache line of words before the copies, so that readers of these do not slow the writer of the counter's
// neighbours.
enum { words_before_copies = 8 };

void linux_publish(uint64_t *slot, size_t stride, const uint64_t *words, size_t count) {
  uint64_t turn = __atomic_load_n(slot, __ATOMIC_RELAXED) + 1;
  uint64_t *copy = slot + words_before_copies + (turn & 1) * stride;
  // A reader that sees one of the stores below also sees this count, so knows that its copy is outdated.
  __atomic_thread_fence(__ATOMIC_RELEASE);
  for (size_t i = 0; i < count; i++) __atomic_store_n(copy + i, words[i], __ATOMIC_RELAXED);
  __atomic_store_n(slot, turn, __ATOMIC_RELEASE);
}

int64_t linux_read_published(const uint64_t *slot, size_t stride, uint64_t *words, size_t count) {
  uint64_t turn = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
  const uint64_t *copy = slot + words_before_copies + (turn & 1) * stride;
  for (size_t i = 0; i < count; i++) words[i] = __atomic_load_n(copy + i, __ATOMIC_RELAXED);
  __atomic_thread_fence(__ATOMIC_ACQUIRE);
  return __atomic_load_n(slot, __ATOMIC_RELAXED) == turn ? (int64_t)(turn & INT64_MAX) : -1;
}

uint64_t linux_load_long(const uint64_t *word) { return __atomic_load_n(word, __ATOMIC_SEQ_CST); }

uint64_t linux_add_long(uint64_t *word, uint64_t count) { return __atomic_fetch_add(word, count, __ATOMIC_SEQ_CST); }

int linux_replace_long(uint64_t *word, uint64_t expected, uint64_t value) {
  return __atomic_compare_exchange_n(word, &expected, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

int64_t linux_peer_user(int socket) {
  struct ucred peer;
  socklen_t length = sizeof peer;
  return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 ? (int64_t)peer.uid : -1;
}

static int64_t limit_number(rlim_t value) {
  return value == RLIM_INFINITY || value > INT64_MAX ? INT64_MAX : (int64_t)value;
}

static int limit_kind(enum linux_limit limit) {
  return limit == LINUX_DESCRIPTORS ? RLIMIT_NOFILE : limit == LINUX_THREADS ? RLIMIT_NPROC : RLIMIT_AS;
}

int64_t linux_limit_of(enum linux_limit limit) {
  struct rlimit values;
  return getrlimit(limit_kind(limit), &values) == 0 ? limit_number(values.rlim_cur) : INT64_MAX;
}

int64_t linux_raise_descriptors(int64_t count) {
  struct rlimit values;
  if (getrlimit(RLIMIT_NOFILE, &values) != 0) return INT64_MAX;
  if (values.rlim_cur < (rlim_t)count && values.rlim_cur < values.rlim_max) {
    values.rlim_cur = values.rlim_max < (rlim_t)count ? values.rlim_max : (rlim_t)count;
    setrlimit(RLIMIT_NOFILE, &values);
  }
  return linux_limit_of(LINUX_DESCRIPTORS);
}

int linux_has_room(size_t length) {
  void *start = mmap(NULL, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (start == MAP_FAILED) return 0;
  munmap(start, length);
  return 1;
}

void linux_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

int linux_flush_output(void) {
  errno = 0;
  int failed = fflush(stdout) != 0 || ferror(stdout);
  if (!failed) return 0;
  return errno != 0 ? errno : EIO;
}
