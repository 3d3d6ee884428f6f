// Reads compressed files and blocks with zlib.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A file read from its start, decompressed where it is a gzip file.
typedef struct ci_stream ci_stream;

/// Opens a file; the caller ends with `ci_stream_close`. NULL, with errno set, on failure.
ci_stream *ci_stream_open(const char *path);

/// Whether the file is uncompressed, so that skipping does not read.
int ci_stream_is_plain(ci_stream *stream);

/// Reads `count` bytes, or as many as are left, and sets `got`.
int ci_stream_read(ci_stream *stream, uint8_t *bytes, size_t count, size_t *got);

/// Skips `count` bytes; in an uncompressed file possibly beyond its end.
int ci_stream_skip(ci_stream *stream, size_t count);

void ci_stream_close(ci_stream *stream);

/// Inflates zlib data of at most `most` bytes into a new block that the caller frees with `free`.
int ci_inflate(const uint8_t *bytes, size_t count, size_t most, uint8_t **inflated, size_t *inflated_count);

#ifdef __cplusplus
}
#endif
