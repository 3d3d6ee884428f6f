#include "archive.h"
#include "failure.h"
#include <stdlib.h>

#include <zlib.h>

static const size_t largest_call = 1 << 30;

ci_stream *ci_stream_open(const char *path) {
  gzFile file = gzopen(path, "rbe");
  if (file) gzbuffer(file, 1 << 18);
  return (ci_stream *)file;
}

int ci_stream_is_plain(ci_stream *stream) { return gzdirect((gzFile)stream); }

int ci_stream_read(ci_stream *stream, uint8_t *bytes, size_t count, size_t *got) {
  *got = 0;
  while (*got < count) {
    size_t left = count - *got;
    int read = gzread((gzFile)stream, bytes + *got, (unsigned)(left < largest_call ? left : largest_call));
    int status = Z_OK;
    const char *reason = gzerror((gzFile)stream, &status);
    if (read < 0) return ci_fail("%s", reason);
    // Whatever a truncated file still has was returned by earlier calls.
    if (read == 0) return status == Z_BUF_ERROR ? ci_fail("Premature end of file") : 0;
    *got += (size_t)read;
  }
  return 0;
}

int ci_stream_skip(ci_stream *stream, size_t count) {
  if (gzseek((gzFile)stream, (z_off_t)count, SEEK_CUR) >= 0) return 0;
  int status = Z_OK;
  return ci_fail("%s", gzerror((gzFile)stream, &status));
}

void ci_stream_close(ci_stream *stream) { gzclose_r((gzFile)stream); }

static int inflate_all(z_stream *stream, size_t most, uint8_t **bytes, size_t *count) {
  size_t capacity = 0;
  for (;;) {
    if (*count == capacity) {
      if (capacity == most) return ci_fail("More than %zu bytes", most);
      capacity = capacity ? 2 * capacity : 1 << 16;
      if (capacity > most) capacity = most;
      uint8_t *larger = realloc(*bytes, capacity);
      if (!larger) return ci_fail("Out of memory");
      *bytes = larger;
    }
    size_t room = capacity - *count;
    stream->next_out = *bytes + *count;
    stream->avail_out = (uInt)room;
    int status = inflate(stream, Z_NO_FLUSH);
    *count += room - stream->avail_out;
    if (status == Z_STREAM_END) return 0;
    if (status == Z_BUF_ERROR) return ci_fail("Premature end of data");
    if (status != Z_OK) return ci_fail("%s", stream->msg ? stream->msg : "Not made by zlib");
  }
}

int ci_inflate(const uint8_t *bytes, size_t count, size_t most, uint8_t **inflated, size_t *inflated_count) {
  *inflated = NULL;
  *inflated_count = 0;
  if (count > largest_call || most > largest_call) return ci_fail("Too many bytes");
  z_stream stream = {.next_in = (Bytef *)bytes, .avail_in = (uInt)count};
  if (inflateInit(&stream) != Z_OK) return ci_fail("Out of memory");
  int status = inflate_all(&stream, most, inflated, inflated_count);
  inflateEnd(&stream);
  if (status == 0) return 0;
  free(*inflated);
  *inflated = NULL;
  return status;
}
