#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// Everything here runs inside a signal handler: system calls, no allocation, no locks.

enum { most_frames = 64, stack_size = 64 << 10 };
// write_own_stack, handle, and the kernel's entry to it; the interrupted code's frames follow.
enum { own_frames = 3 };

static uint64_t *finished_mark;
static int is_busy;
static uint32_t written;

static void say(const char *text) {
  ssize_t ignored = write(STDERR_FILENO, text, strlen(text));
  (void)ignored;
}

static char *append_number(char *end, unsigned number) {
  char digits[12];
  int count = 0;
  do digits[count++] = (char)('0' + number % 10);
  while ((number /= 10) != 0);
  while (count > 0) *end++ = digits[--count];
  *end = 0;
  return end;
}

static __attribute__((noinline)) void write_own_stack(void) {
  char line[96] = "stack of thread ";
  char *end = append_number(line + strlen(line), (unsigned)gettid());
  char path[64] = "/proc/self/task/";
  strcpy(append_number(path + strlen(path), (unsigned)gettid()), "/comm");
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file >= 0) {
    *end++ = ' ';
    ssize_t count = read(file, end, 20);
    end += count > 0 ? count - 1 : 0;
    close(file);
  }
  strcpy(end, ":\n");
  say(line);
  void *frames[most_frames];
  int count = backtrace(frames, most_frames);
  int skipped = count > own_frames ? own_frames : 0;
  backtrace_symbols_fd(frames + skipped, count - skipped, STDERR_FILENO);
}

// One thread after another, since their lines would mix; threads that block the signal are skipped.
static void ask(pid_t thread, int signal) {
  uint32_t before = __atomic_load_n(&written, __ATOMIC_ACQUIRE);
  if (syscall(SYS_tgkill, getpid(), thread, signal) != 0) return;
  for (int turn = 0; turn < 50 && __atomic_load_n(&written, __ATOMIC_ACQUIRE) == before; turn++) {
    struct timespec moment = {.tv_nsec = 1000000};
    nanosleep(&moment, NULL);
  }
}

struct entry {
  uint64_t inode;
  int64_t offset;
  unsigned short length;
  unsigned char type;
  char name[];
};

static void ask_others(int signal) {
  int folder = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  _Alignas(8) char buffer[2048];
  long count;
  while ((count = syscall(SYS_getdents64, folder, buffer, sizeof buffer)) > 0) {
    for (long at = 0; at < count; at += ((struct entry *)(buffer + at))->length) {
      int thread = 0;
      for (const char *name = ((struct entry *)(buffer + at))->name; *name >= '0' && *name <= '9'; name++)
        thread = thread * 10 + (*name - '0');
      if (thread > 0 && thread != gettid()) ask(thread, signal);
    }
  }
  close(folder);
}

static void handle(int signal, siginfo_t *info, void *context) {
  (void)context;
  int failure = errno;
  if (info->si_code == SI_TKILL && info->si_pid == getpid()) {
    write_own_stack();
    __atomic_add_fetch(&written, 1, __ATOMIC_RELEASE);
  } else if (!__atomic_exchange_n(&is_busy, 1, __ATOMIC_ACQ_REL)) {
    write_own_stack();
    ask_others(signal);
    if (finished_mark) __atomic_add_fetch(finished_mark, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&is_busy, 0, __ATOMIC_RELEASE);
  }
  errno = failure;
}

int linux_write_stacks_on(int signal, uint64_t *mark) {
  // The first call loads a library, which a handler must not do.
  void *frame;
  backtrace(&frame, 1);
  finished_mark = mark;
  // For this thread, which trains: its own stack may be what overflowed.
  stack_t stack = {.ss_sp = malloc(stack_size), .ss_size = stack_size};
  if (!stack.ss_sp || sigaltstack(&stack, NULL) != 0) return -1;
  struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
  sigemptyset(&action.sa_mask);
  return sigaction(signal, &action, NULL);
}
