// Picture codecs behind plain C: bytes in, packed 8-bit RGB out, with the pixels that Pillow's `convert("RGB")` gives.
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

/// Reads a JPEG's size from its header. A file without an end-of-image marker is refused as truncated.
int ci_jpeg_size(const uint8_t *bytes, size_t count, int32_t *width, int32_t *height);

/// Decodes `region` of a JPEG into `rgb` (region.height * region.width * 3 bytes).
///
/// The pixels are those of a full decode cut afterwards, to the bit, but the blocks outside the region are not
/// reconstructed. Damage that costs pixels is an error; stray bytes that libjpeg skips over are not.
int ci_jpeg_decode(const uint8_t *bytes, size_t count, ci_region region, uint8_t *rgb);

/// Reads a PNG's size from its header. A file without an IEND chunk is refused as truncated.
int ci_png_size(const uint8_t *bytes, size_t count, int32_t *width, int32_t *height);

/// Decodes a PNG of any colour type, depth and interlacing, and copies `region` of it into `rgb`.
int ci_png_decode(const uint8_t *bytes, size_t count, ci_region region, uint8_t *rgb);

/// Writes a PNG file of 8-bit samples: grey for 1 channel, RGB for 3.
int ci_png_write(const char *path, const uint8_t *samples, int32_t width, int32_t height, int32_t channels);

/// Inflates a gzip file (or copies a plain one) into a new block that the caller gives to `free`.
int ci_gzip_read(const char *path, uint8_t **bytes, size_t *count);

#ifdef __cplusplus
}
#endif
