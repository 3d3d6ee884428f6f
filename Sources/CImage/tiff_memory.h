// A TIFF in memory, opened with libtiff: its error messages go to `ci_last_error()`, and its allocations are
// limited.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tiffio.h>

/// The most bytes that an image may hold at once.
enum { TIFF_MOST_HELD = 768 << 20 };

/// The file, the offset at which libtiff reads next, and whether it has read past the end.
struct tiff_memory {
  const uint8_t *bytes;
  size_t count, at;
  bool is_cut;
};

/// Opens the file's first image; NULL where the file is damaged. `memory` must stay in place while the TIFF
/// is open.
TIFF *tiff_open(struct tiff_memory *memory);
