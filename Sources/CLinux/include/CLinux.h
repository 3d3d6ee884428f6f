// Linux system calls missing from Swift's Glibc module, which is built without _GNU_SOURCE. Every function
// returns -1 and sets errno on failure.
#pragma once
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/types.h>

/// Makes a pipe that is closed on exec: `ends[0]` reads, `ends[1]` writes.
int linux_pipe(int ends[2]);
/// The most bytes that a pipe holds; -1 if it is no pipe.
int linux_pipe_capacity(int end);

/// Opens a descriptor that becomes readable when the process ends.
int linux_open_process(pid_t process);

/// Opens a descriptor from which the signals of `set` are read; the caller blocks them.
int linux_open_signals(const sigset_t *set);

/// Whether this process ignores the signal, as SIGHUP under nohup(1).
int linux_ignores(int signal);

/// Leaves a process in this one's group that kills the whole group once the other end of a pipe is closed,
/// whatever programs its members have become; -1 with errno on failure.
///
/// Call it while this process has one thread. Processes that left the group live on.
int linux_guard_group(int lifeline);

/// Whether orphans become children of this process: it is the first of its namespace, or a subreaper.
int linux_inherits_orphans(void);

/// A child that has ended and remains to be collected; 0 if there is none.
pid_t linux_ended_child(void);

/// Makes signals sent to end this process end it, even if they were inherited as blocked: Swift's runtime
/// would print a backtrace and go on. A fault or an abort of its own prints its backtrace first.
void linux_let_signals_kill(void);

/// Makes a fault in these bytes, where a file is mapped, end this process with status 74 and `message` on
/// stderr. Returns a number for the mapping, or -1 if there are too many. Needs ``linux_let_signals_kill``.
int linux_name_mapping(const void *start, size_t length, const char *message);

/// Forgets a mapping and its message; call it before unmapping.
void linux_forget_mapping(int number);

/// Ends the process if `address` lies in a mapping with a message.
void linux_end_where_file_is_lost(const void *address);

/// Returns the next signal waiting on such a descriptor, or 0.
int linux_next_signal(int descriptor);

/// Opens a queue that returns descriptors in the order in which the kernel found them readable.
int linux_open_ready_queue(void);

/// Watches a descriptor; `tag` is returned once when it becomes readable.
int linux_watch(int queue, int descriptor, uint32_t tag);

/// The same, but returns `tag` repeatedly while it stays readable.
int linux_watch_always(int queue, int descriptor, uint32_t tag);

/// Fills `tags` with at most `capacity` descriptors that are readable now; returns how many.
int linux_take_ready(int queue, uint32_t *tags, int capacity);

/// Makes the spawned program start without any descriptor from `lowest` upwards.
int linux_spawn_closing_from(posix_spawn_file_actions_t *actions, int lowest);

/// Swaps two existing paths atomically, so that neither name is ever missing.
int linux_exchange(const char *first, const char *second);

/// The number of processors on which this process may run.
int linux_usable_processors(void);

/// Makes an empty memory file without a name in any folder; it ends with its last descriptor and mapping.
int linux_memory_file(const char *name);

/// Allocates a mapping's pages now, and fails instead of raising SIGBUS later.
int linux_populate(void *start, size_t length);

/// Asks for large pages as the mapping grows, on machines that give them on request.
int linux_prefer_large_pages(void *start, size_t length);

/// Allocates one large page now for 2 MiB of a mapped memory file, aligned to 2 MiB.
int linux_make_large_page(void *start);

/// Loads a shared word with acquire semantics.
uint32_t linux_load_word(const uint32_t *word);

/// Stores a shared word with release semantics.
void linux_store_word(uint32_t *word, uint32_t value);

/// Atomically adds 1 to a shared word; returns the sum.
uint32_t linux_increment_word(uint32_t *word);

/// Atomically replaces a shared word if it is `expected`; returns whether it was.
int linux_replace_word(uint32_t *word, uint32_t expected, uint32_t value);

/// Makes the kernel map the page of a word without changing it, whatever others do to the word meanwhile.
void linux_touch_word(uint32_t *word);

/// Tells the processor that this is a spin loop.
void linux_pause(void);

/// Blocks while a shared word is `value`, for at most `nanoseconds`; may return early.
int linux_wait_while(uint32_t *word, uint32_t value, long nanoseconds);

/// Wakes all that wait for a shared word.
int linux_wake(uint32_t *word);

/// Limited resources of a process.
enum linux_limit { LINUX_DESCRIPTORS, LINUX_THREADS, LINUX_ADDRESS_SPACE };

/// This process's limit, in bytes or items; INT64_MAX if there is none.
int64_t linux_limit_of(enum linux_limit limit);

/// Raises this process's limit of descriptors towards `count` as far as allowed; returns the limit then.
int64_t linux_raise_descriptors(int64_t count);

/// Whether the process can get this many more bytes of address space.
int linux_has_room(size_t length);

/// Names the calling thread, with at most 15 bytes.
void linux_name_thread(const char *name);

/// Makes malloc keep up to 256 MiB of freed memory instead of returning large blocks to the system each time.
void linux_keep_memory(void);

/// Flushes standard output; returns 0, or as an errno why not all output was written.
int linux_flush_output(void);

/// Makes a memory file of `length` bytes that nobody can resize, without a name in any folder.
int linux_sealed_memory_file(const char *name, size_t length);

/// Writes one of the two copies behind a counter, then increments it: `slot` is the counter, a cache line of
/// words, and twice `stride` words. Only one writer is allowed.
void linux_publish(uint64_t *slot, size_t stride, const uint64_t *words, size_t count);

/// Reads the copy that was published last; returns the counter, or -1 if the writer overwrote it meanwhile:
/// then try again.
int64_t linux_read_published(const uint64_t *slot, size_t stride, uint64_t *words, size_t count);

/// Loads a shared long word with acquire semantics.
uint64_t linux_load_long(const uint64_t *word);

/// Atomically adds to a shared long word; returns the previous value.
uint64_t linux_add_long(uint64_t *word, uint64_t count);

/// Atomically replaces a shared long word, with release semantics, if it is `expected`; returns 0 if it is
/// not.
int linux_replace_long(uint64_t *word, uint64_t expected, uint64_t value);

/// Returns the user at the other end of a connected Unix-domain socket.
int64_t linux_peer_user(int socket);

/// Makes `signal` write the stacks of all threads to stderr, then increment `mark` unless that is null.
int linux_write_stacks_on(int signal, uint64_t *mark);
