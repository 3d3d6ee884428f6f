// Compressed files and parts of files, through zlib.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A file that is read from its start on: inflated where gzip made it, else as it is.
typedef struct ci_stream ci_stream;

/// Opens a file; the caller gives the stream to `ci_stream_close`. NULL, with errno, where that fails.
ci_stream *ci_stream_open(const char *path);

/// Whether the file is not compressed, so that what is skipped is not read.
int ci_stream_is_plain(ci_stream *stream);

/// Reads `count` bytes, or as many as are left.
int ci_stream_read(ci_stream *stream, uint8_t *bytes, size_t count, size_t *got);

/// Passes over `count` bytes; of a plain file perhaps over its end.
int ci_stream_skip(ci_stream *stream, size_t count);

void ci_stream_close(ci_stream *stream);

/// Inflates what zlib made, at most `most` bytes, into a new block that the caller gives to `free`.
int ci_inflate(const uint8_t *bytes, size_t count, size_t most, uint8_t **inflated, size_t *inflated_count);

#ifdef __cplusplus
}
#endif
