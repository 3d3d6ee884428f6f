#include "CImage.h"
#include "failure.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

static int read_all(gzFile file, uint8_t **bytes, size_t *count) {
  size_t capacity = 0;
  for (;;) {
    if (*count == capacity) {
      capacity = capacity ? 2 * capacity : 1 << 20;
      uint8_t *larger = realloc(*bytes, capacity);
      if (!larger) return ci_fail("Out of memory");
      *bytes = larger;
    }
    size_t room = capacity - *count;
    int got = gzread(file, *bytes + *count, (unsigned)(room < 1 << 30 ? room : 1 << 30));
    int status = Z_OK;
    if (got < 0) return ci_fail("%s", gzerror(file, &status));
    if (got == 0) return 0;
    *count += (size_t)got;
  }
}

int ci_gzip_read(const char *path, uint8_t **bytes, size_t *count) {
  *bytes = NULL;
  *count = 0;
  gzFile file = gzopen(path, "rb");
  if (!file) return ci_fail("%s", strerror(errno));
  int status = read_all(file, bytes, count);
  if (gzclose_r(file) != Z_OK && status == 0) status = ci_fail("Premature end of file");
  if (status == 0) return 0;
  free(*bytes);
  *bytes = NULL;
  return status;
}
