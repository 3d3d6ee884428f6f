// Linux system calls that Swift's Glibc module leaves out, because it is built without _GNU_SOURCE.
// Every function returns -1 and sets errno where the call failed.
#pragma once
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/types.h>

/// A pipe that does not survive an exec: `ends[0]` reads, `ends[1]` writes.
int linux_pipe(int ends[2]);
/// Bytes that a pipe holds at most; -1 where there is none.
int linux_pipe_capacity(int end);

/// A descriptor that becomes readable when the process ends.
int linux_open_process(pid_t process);

/// A descriptor from which the signals of `set` are read; the caller blocks them.
int linux_open_signals(const sigset_t *set);

/// Whether this process ignores the signal, as one started by nohup(1) ignores SIGHUP.
int linux_ignores(int signal);

/// Leaves a process in this one's group that ends all of the group once the other end of a pipe is closed, whatever
/// programs its processes are by then; -1 with errno where that fails.
///
/// To be called while this process has one thread. What left the group lives on.
int linux_guard_group(int lifeline);

/// Whether processes whose parents have ended become children of this one: it is the first of its namespace, or a subreaper.
int linux_inherits_orphans(void);

/// A child that has ended, which stays to be collected; 0 where there is none.
pid_t linux_ended_child(void);

/// Has signals that are sent to end this process end it, also where they were inherited as blocked: Swift's runtime prints a backtrace for them, and goes on. A
/// fault, or an abort of our own, prints its backtrace first.
void linux_let_signals_kill(void);

/// Has a fault in these bytes, where a file is mapped, end this process with status 74 and `message` on stderr; a number for it, or -1 where
/// too many are named. It takes ``linux_let_signals_kill``.
int linux_name_mapping(const void *start, size_t length, const char *message);

/// Forgets a mapping before it goes, with its message.
void linux_forget_mapping(int number);

/// Ends the process if `address` lies where a file is mapped that has a name.
void linux_end_where_file_is_lost(const void *address);

/// The next signal waiting on such a descriptor, or 0 when there is none.
int linux_next_signal(int descriptor);

/// A queue that hands descriptors back in the order in which the kernel found them readable.
int linux_open_ready_queue(void);

/// Puts a descriptor under watch; `tag` comes back when it is readable.
int linux_watch(int queue, int descriptor, uint32_t tag);

/// The same, and again as long as it stays readable.
int linux_watch_always(int queue, int descriptor, uint32_t tag);

/// Fills `tags` with at most `capacity` descriptors that are readable now; returns how many.
int linux_take_ready(int queue, uint32_t *tags, int capacity);

/// Has the spawned program start without any descriptor from `lowest` upwards.
int linux_spawn_closing_from(posix_spawn_file_actions_t *actions, int lowest);

/// Swaps two existing paths in one step, so that neither name is ever missing.
int linux_exchange(const char *first, const char *second);

/// How many processors this process may run on.
int linux_usable_processors(void);

/// An empty file in memory without a place in any folder; it ends with its last descriptor and mapping.
int linux_memory_file(const char *name);

/// Backs a mapping with pages now, or fails instead of raising SIGBUS later.
int linux_populate(void *start, size_t length);

/// Asks for large pages as the mapping grows, where the machine gives them to those who ask.
int linux_prefer_large_pages(void *start, size_t length);

/// Backs 2 MiB of a mapping of a file in memory, on an edge of 2 MiB, with one large page now.
int linux_make_large_page(void *start);

/// Reads a word that processes share, with all that was written before it.
uint32_t linux_load_word(const uint32_t *word);

/// Writes a word that processes share, after all that was written before.
void linux_store_word(uint32_t *word, uint32_t value);

/// Adds 1 to a word that processes share, in one step; returns the sum.
uint32_t linux_increment_word(uint32_t *word);

/// Replaces a word that processes share if it is `expected`, in one step; whether it was.
int linux_replace_word(uint32_t *word, uint32_t expected, uint32_t value);

/// Makes the kernel put the page of a word in place, and changes nothing, whatever others do to the word meanwhile.
void linux_touch_word(uint32_t *word);

/// Tells the processor that a loop waits for a word.
void linux_pause(void);

/// Blocks while a word that processes share is `value`, for at most `nanoseconds`; may return early.
int linux_wait_while(uint32_t *word, uint32_t value, long nanoseconds);

/// Wakes all that wait for a word that processes share.
int linux_wake(uint32_t *word);

/// Of what the system gives a process only so much.
enum linux_limit { LINUX_DESCRIPTORS, LINUX_THREADS, LINUX_ADDRESS_SPACE };

/// The bytes or things that this process may have, INT64_MAX where there is no limit.
int64_t linux_limit_of(enum linux_limit limit);

/// Raises the number of descriptors that this process may have to `count`, as far as it may do so; the number then.
int64_t linux_raise_descriptors(int64_t count);

/// Whether the process may have so many bytes of address space more.
int linux_has_room(size_t length);

/// Gives the calling thread a name, of 15 bytes at most.
void linux_name_thread(const char *name);

/// Has malloc keep what is freed, up to 256 MiB, in place of handing large blocks back to the system each time.
void linux_keep_memory(void);

/// Writes out what was printed; 0, or why not all that was printed has arrived, as an errno.
int linux_flush_output(void);

/// A file in memory of `length` bytes that nobody can make longer or shorter; without a place in any folder.
int linux_sealed_memory_file(const char *name, size_t length);

/// Writes one of the two copies behind a counter, then counts: `slot` is the counter, a cache line of words, and twice
/// `stride` words. There must be one writer.
void linux_publish(uint64_t *slot, size_t stride, const uint64_t *words, size_t count);

/// Reads the copy that was published last; the counter, or -1 when a writer was quicker: then it may be tried again.
int64_t linux_read_published(const uint64_t *slot, size_t stride, uint64_t *words, size_t count);

/// Reads a long word that processes share, with all that was written before it.
uint64_t linux_load_long(const uint64_t *word);

/// Adds to a long word that processes share; what was there before.
uint64_t linux_add_long(uint64_t *word, uint64_t count);

/// Replaces a long word that processes share, with all that was written before, where it still has that value; 0 where not.
int linux_replace_long(uint64_t *word, uint64_t expected, uint64_t value);

/// The user at the other end of a connected Unix-domain socket.
int64_t linux_peer_user(int socket);

/// Has `signal` write the stacks of all threads of this process to stderr, then count in `mark` where that is not null.
int linux_write_stacks_on(int signal, uint64_t *mark);
