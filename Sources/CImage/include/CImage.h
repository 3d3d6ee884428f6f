// Image codecs behind plain C: bytes in, packed 8-bit RGB out, with the pixels that Pillow's `convert("RGB")` gives.
// A function that may fail returns 0, or 1 and a message in `ci_last_error()`; none but a JPEG's decoder keeps anything alive
// after it returns.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "archive.h"
#include "pixels.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The message of this thread's last failed call; valid until its next failing one.
const char *ci_last_error(void);

/// Whether that file may be whole, and is only of a kind that is not read.
int ci_last_is_unread_kind(void);

/// A rectangle of pixels; x grows to the right, y downwards.
typedef struct ci_region {
  int32_t x, y, width, height;
} ci_region;

/// What a header says: the image's size, and the bytes that its decoder holds at once beside a few rows.
///
/// A progressive JPEG, an interlaced PNG and a WebP are held whole, whatever region of them is wanted; a TIFF by its blocks,
/// which may claim any size: `SIZE_MAX` stands for more than can be counted.
typedef struct ci_header {
  int32_t width, height;
  size_t held;
} ci_header;

/// Decodes JPEGs one after the other, in memory that it keeps from each for the next; of one thread at a time.
typedef struct ci_jpeg ci_jpeg;

/// Makes a decoder, which the caller gives to `ci_jpeg_free`; nothing where memory is short, which `ci_jpeg_header` then says.
ci_jpeg *ci_jpeg_new(void);

void ci_jpeg_free(ci_jpeg *decoder);

/// Reads a JPEG's header. A file without an end-of-image marker is refused as truncated, and one of more than 100
/// scans too: each costs as much time as an image, and they may be empty.
int ci_jpeg_header(ci_jpeg *decoder, const uint8_t *bytes, size_t count, ci_header *header);

/// From one row of a JPEG's decoded region to the next, in bytes: more than its pixels take, for those made beside it.
size_t ci_jpeg_row_bytes(ci_region region);

/// Decodes `region` of the JPEG whose header was read last, and whose bytes are still there, into `rows`
/// (region.height * ci_jpeg_row_bytes(region) bytes), in each of which it begins after `skipped` bytes.
///
/// The pixels are those of a full decode cut afterwards, to the bit, but the blocks outside the region are not
/// reconstructed. Damage that costs pixels is an error; stray bytes that libjpeg skips over are not.
///
/// `reduction` is 1, or 2, 4 or 8: then the image is decoded at that part of its size, rounded up, which takes a part of the
/// time; `region` is a part of the smaller image.
int ci_jpeg_decode(ci_jpeg *decoder, ci_region region, int32_t reduction, uint8_t *rows, size_t *skipped);

/// Makes a JPEG of packed RGB, at libjpeg's `quality` (1 to 100), in a new block that the caller gives to `free`.
int ci_jpeg_encode(const uint8_t *rgb, int32_t width, int32_t height, int32_t quality, uint8_t **bytes, size_t *count);

/// Reads a PNG's header. A file without an IEND chunk is refused as truncated.
int ci_png_header(const uint8_t *bytes, size_t count, ci_header *header);

/// Decodes a PNG of any colour type, depth and interlacing, and copies `region` of it into `rgb`, packed.
int ci_png_decode(const uint8_t *bytes, size_t count, ci_region region, uint8_t *rgb);

/// Reads a WebP's header; the size is that of the canvas, on which its first frame lies.
int ci_webp_header(const uint8_t *bytes, size_t count, ci_header *header);

/// Decodes the first frame of a WebP, and copies `region` of it into `rgb`, packed.
int ci_webp_decode(const uint8_t *bytes, size_t count, ci_region region, uint8_t *rgb);

/// Reads a GIF's header up to the data of its first frame; the size is that of the screen, or what the frame needs beyond it.
int ci_gif_header(const uint8_t *bytes, size_t count, ci_header *header);

/// Decodes the first frame of a GIF, and copies `region` of it into `rgb`, packed.
int ci_gif_decode(const uint8_t *bytes, size_t count, ci_region region, uint8_t *rgb);

/// Reads the header of a TIFF's first image; the size is that after it has been turned as its orientation says.
int ci_tiff_header(const uint8_t *bytes, size_t count, ci_header *header);

/// Looks for damage that the decoding of a TIFF does not find, in data compressed by Deflate.
int ci_tiff_check(const uint8_t *bytes, size_t count);

/// Decodes the first image of a TIFF of 1 to 8, 16 or 32 bits a sample, and copies `region` of it, turned, into `rgb`, packed.
int ci_tiff_decode(const uint8_t *bytes, size_t count, ci_region region, uint8_t *rgb);

/// Writes a PNG file of 8-bit samples: grey for 1 channel, RGB for 3.
int ci_png_write(const char *path, const uint8_t *samples, int32_t width, int32_t height, int32_t channels);

/// Makes such a PNG in a new block that the caller gives to `free`.
int ci_png_encode(const uint8_t *samples, int32_t width, int32_t height, int32_t channels, uint8_t **bytes,
                  size_t *count);

#ifdef __cplusplus
}
#endif
