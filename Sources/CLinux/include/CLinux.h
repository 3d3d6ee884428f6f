// Linux system calls that Swift's Glibc module leaves out, because it is built without _GNU_SOURCE.
// Every function returns -1 and sets errno where the call failed.
#pragma once
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/types.h>

/// A pipe that does not survive an exec: `ends[0]` reads, `ends[1]` writes.
int linux_pipe(int ends[2]);

/// A descriptor that becomes readable when the process ends.
int linux_open_process(pid_t process);

/// A descriptor from which the signals of `set` are read; the caller blocks them.
int linux_open_signals(const sigset_t *set);

/// Whether this process ignores the signal, as one started by nohup(1) ignores SIGHUP.
int linux_ignores(int signal);

/// The next signal waiting on such a descriptor, or 0 when there is none.
int linux_next_signal(int descriptor);

/// A queue that hands descriptors back in the order in which the kernel found them readable.
int linux_open_ready_queue(void);

/// Puts a descriptor under watch; `tag` comes back when it is readable.
int linux_watch(int queue, int descriptor, uint32_t tag);

/// Fills `tags` with at most `capacity` descriptors that are readable now; returns how many.
int linux_take_ready(int queue, uint32_t *tags, int capacity);

/// Has the spawned program start without any descriptor from `lowest` upwards.
int linux_spawn_closing_from(posix_spawn_file_actions_t *actions, int lowest);

/// Swaps two existing paths in one step, so that neither name is ever missing.
int linux_exchange(const char *first, const char *second);

/// How many processors this process may run on.
int linux_usable_processors(void);
