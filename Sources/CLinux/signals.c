#define _GNU_SOURCE
#include "CLinux.h"
#include <sys/syscall.h>
#include <unistd.h>

// The signals for which Swift's runtime prints a backtrace.
static const int crashes[] = {SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV};
static struct sigaction reports[NSIG];

// A fault recurs when its instruction is retried; a signal that was sent does not, so must be raised again.
static int is_fault(int signal, const siginfo_t *info) { return info->si_code > 0 && signal != SIGQUIT; }

static void handle(int signal, siginfo_t *info, void *context) {
  if (signal == SIGBUS && is_fault(signal, info)) linux_end_where_file_is_lost(info->si_addr);
  if (reports[signal].sa_sigaction && (is_fault(signal, info) || info->si_pid == getpid()))
    reports[signal].sa_sigaction(signal, info, context);
  struct sigaction standard = {.sa_handler = SIG_DFL};
  sigaction(signal, &standard, NULL);
  if (!is_fault(signal, info)) syscall(SYS_tgkill, getpid(), gettid(), signal);
}

void linux_let_signals_kill(void) {
  for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++) {
    int signal = crashes[i];
    struct sigaction action;
    if (sigaction(signal, NULL, &action) != 0 || ((action.sa_flags & SA_SIGINFO) && action.sa_sigaction == handle)) continue;
    if (action.sa_flags & SA_SIGINFO) {
      reports[signal] = action;
    } else if (signal == SIGBUS && action.sa_handler == SIG_DFL) {
      action.sa_flags = SA_SIGINFO;
    } else {
      continue;
    }
    // The flags and mask with which the report was installed.
    action.sa_sigaction = handle;
    sigaction(signal, &action, NULL);
  }
  // A parent may have blocked them, as thread pools do, and the mask is inherited.
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, NULL);
}
