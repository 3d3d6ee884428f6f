#include "CLinux.h"
#include <string.h>
#include <unistd.h>

// Files that are read through mappings. Reading a page that the file no longer has, because it was truncated
// or its disk failed, raises SIGBUS.
enum { most_files = 64, input_output = 74 };

static struct {
  uintptr_t start;
  size_t length;
  const char *message;
} files[most_files];
static int is_said;

int linux_name_mapping(const void *start, size_t length, const char *message) {
  for (int i = 0; i < most_files; i++) {
    uintptr_t none = 0;
    if (!__atomic_compare_exchange_n(&files[i].start, &none, (uintptr_t)start, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) continue;
    files[i].message = message;
    // From here on a handler finds it.
    __atomic_store_n(&files[i].length, length, __ATOMIC_RELEASE);
    return i;
  }
  return -1;
}

void linux_forget_mapping(int number) {
  if (number < 0) return;
  __atomic_store_n(&files[number].length, 0, __ATOMIC_RELEASE);
  __atomic_store_n(&files[number].start, 0, __ATOMIC_RELEASE);
}

// Called by a signal handler: only system calls are allowed.
void linux_end_where_file_is_lost(const void *address) {
  for (int i = 0; i < most_files; i++) {
    size_t length = __atomic_load_n(&files[i].length, __ATOMIC_ACQUIRE);
    if ((uintptr_t)address - files[i].start >= length) continue;
    // Other threads may get here too.
    while (__atomic_exchange_n(&is_said, 1, __ATOMIC_ACQ_REL)) pause();
    ssize_t ignored = write(STDERR_FILENO, files[i].message, strlen(files[i].message));
    (void)ignored;
    _exit(input_output);
  }
}
