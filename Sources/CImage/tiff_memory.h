// A TIFF in memory, opened with libtiff; its complaints go to `ci_last_error()`, and it asks for no more memory than an image may.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tiffio.h>

/// The most bytes that an image may take at once.
enum { TIFF_MOST_HELD = 768 << 20 };

/// The file, where libtiff reads next, and whether it has asked for bytes that are not there.
struct tiff_memory {
  const uint8_t *bytes;
  size_t count, at;
  bool is_cut;
};

/// Opens the file's first image, for as long as `memory` stays where it is; nothing where it is broken.
TIFF *tiff_open(struct tiff_memory *memory);
