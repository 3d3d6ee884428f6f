// Image codecs behind plain C: bytes in, packed 8-bit RGB out, with the pixels that Pillow's `convert("RGB")` gives.
// Every function returns 0, or 1 and a message in `ci_last_error()`; none keeps anything alive after it returns.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The message of this thread's last failed call; valid until its next failing one.
const char *ci_last_error(void);

/// A rectangle of pixels; x grows to the right, y downwards.
typedef struct ci_region {
  int32_t x, y, width, height;
} ci_region;

/// What a header says: the image's size, and the bytes that its decoder holds at once beside a few rows.
///
/// A progressive JPEG or an interlaced PNG is held whole, whatever region of it is wanted.
typedef struct ci_header {
  int32_t width, height;
  size_t held;
} ci_header;

/// Reads a JPEG's header. A file without an end-of-image marker is refused as truncated, and one of more than 100
/// scans too: each costs as much time as an image, and they may be empty.
int ci_jpeg_header(const uint8_t *bytes, size_t count, ci_header *header);

/// Decodes `region` of a JPEG into `rgb` (region.height * region.width * 3 bytes).
///
/// The pixels are those of a full decode cut afterwards, to the bit, but the blocks outside the region are not
/// reconstructed. Damage that costs pixels is an error; stray bytes that libjpeg skips over are not.
int ci_jpeg_decode(const uint8_t *bytes, size_t count, ci_region region, uint8_t *rgb);

/// Reads a PNG's header. A file without an IEND chunk is refused as truncated.
int ci_png_header(const uint8_t *bytes, size_t count, ci_header *header);

/// Decodes a PNG of any colour type, depth and interlacing, and copies `region` of it into `rgb`.
int ci_png_decode(const uint8_t *bytes, size_t count, ci_region region, uint8_t *rgb);

/// Filters for `ci_resize`.
typedef enum { CI_BILINEAR = 0, CI_BICUBIC = 1 } ci_filter;

/// The `count` outputs from `start` on of a line of `in` pixels that is scaled to `out`.
///
/// A thin image may be scaled to more than 32 bits count; what is computed is the window.
typedef struct ci_axis {
  int64_t in, out, start, count;
} ci_axis;

/// Which inputs those outputs are made of: `count` from `first` on.
void ci_axis_inputs(ci_axis axis, ci_filter filter, int32_t *first, int32_t *count);

/// The bytes of memory that `ci_resize` asks for between its passes.
size_t ci_resize_between(ci_axis across, ci_axis down, ci_filter filter);

/// Writes the window that the axes name of a scaled image, packed 8-bit RGB, to the bit as Pillow scales the whole.
///
/// `rgb` holds the inputs of both axes alone, and `between` as many bytes as `ci_resize_between` says.
int ci_resize(const uint8_t *rgb, ci_axis across, ci_axis down, ci_filter filter, uint8_t *between, uint8_t *out);

/// Writes a PNG file of 8-bit samples: grey for 1 channel, RGB for 3.
int ci_png_write(const char *path, const uint8_t *samples, int32_t width, int32_t height, int32_t channels);

/// Makes such a PNG in a new block that the caller gives to `free`.
int ci_png_encode(const uint8_t *samples, int32_t width, int32_t height, int32_t channels, uint8_t **bytes,
                  size_t *count);

/// Inflates a gzip file (or copies a plain one) into a new block that the caller gives to `free`.
int ci_gzip_read(const char *path, uint8_t **bytes, size_t *count);

#ifdef __cplusplus
}
#endif
