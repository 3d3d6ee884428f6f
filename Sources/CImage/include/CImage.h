// Image codecs with a C interface: encoded bytes to packed 8-bit RGB, with the pixels of Pillow's
// `convert("RGB")`.
// A function that can fail returns 0, or 1 with a message in `ci_last_error()`. Only a JPEG decoder keeps
// memory after a call.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "archive.h"
#include "pixels.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Returns the message of this thread's last failed call; valid until its next failure.
const char *ci_last_error(void);

/// Whether the file of that call may be intact but is of an unsupported kind.
int ci_last_is_unread_kind(void);

/// A rectangle of pixels; x grows to the right, y downwards.
typedef struct ci_region {
  int32_t x, y, width, height;
} ci_region;

/// The contents of a header: the image's size, and how many bytes its decoder holds at once apart from a few
/// rows.
///
/// A progressive JPEG, an interlaced PNG and a WebP are held as a whole, whatever region of them is decoded;
/// a TIFF by its blocks, which may claim any size: `SIZE_MAX` means too many to count.
typedef struct ci_header {
  int32_t width, height;
  size_t held;
} ci_header;

/// A decoder of JPEGs that reuses its memory from one image to the next; for one thread at a time.
typedef struct ci_jpeg ci_jpeg;

/// Makes a decoder, to be freed by `ci_jpeg_free`; NULL where memory is short, which `ci_jpeg_header` then
/// reports.
ci_jpeg *ci_jpeg_new(void);

void ci_jpeg_free(ci_jpeg *decoder);

/// Reads a JPEG's header. Refuses a file without an end-of-image marker as truncated, and one with more than
/// 100 scans, since each may be empty and still take the time of a whole image.
int ci_jpeg_header(ci_jpeg *decoder, const uint8_t *bytes, size_t count, ci_header *header);

/// Returns the bytes from one row of a decoded region to the next: more than its pixels need, for the columns
/// decoded beside it.
size_t ci_jpeg_row_bytes(ci_region region);

/// Decodes `region` of the JPEG whose header was read last, and whose bytes must still be there, into `rows`
/// (region.height * ci_jpeg_row_bytes(region) bytes). In each row the region begins after `skipped` bytes.
///
/// The pixels equal those of a full decode that is cropped, to the bit, but blocks outside the region are not
/// reconstructed. Damage that costs pixels is an error; stray bytes that libjpeg skips are not.
///
/// `reduction` is 1, 2, 4 or 8: the image is decoded at that fraction of its size, rounded up, in less time;
/// `region` then refers to the smaller image.
int ci_jpeg_decode(ci_jpeg *decoder, ci_region region, int32_t reduction, uint8_t *rows, size_t *skipped);

/// Encodes packed RGB as a JPEG of libjpeg's `quality` (1 to 100), in a new block that the caller frees with
/// `free`.
int ci_jpeg_encode(const uint8_t *rgb, int32_t width, int32_t height, int32_t quality, uint8_t **bytes, size_t *count);

/// Reads a PNG's header. Refuses a file without an IEND chunk as truncated.
int ci_png_header(const uint8_t *bytes, size_t count, ci_header *header);

/// Decodes a PNG of any colour type, depth and interlacing, and copies `region` of it into `rgb`, packed.
int ci_png_decode(const uint8_t *bytes, size_t count, ci_region region, uint8_t *rgb);

/// Reads a WebP's header; the size is that of the canvas on which its first frame lies.
int ci_webp_header(const uint8_t *bytes, size_t count, ci_header *header);

/// Decodes the first frame of a WebP, and copies `region` of it into `rgb`, packed.
int ci_webp_decode(const uint8_t *bytes, size_t count, ci_region region, uint8_t *rgb);

/// Reads a GIF's header up to its first frame's data; the size is that of the screen, enlarged to hold the
/// frame.
int ci_gif_header(const uint8_t *bytes, size_t count, ci_header *header);

/// Decodes the first frame of a GIF, and copies `region` of it into `rgb`, packed.
int ci_gif_decode(const uint8_t *bytes, size_t count, ci_region region, uint8_t *rgb);

/// Reads the header of a TIFF's first image; the size is that after its orientation is applied.
int ci_tiff_header(const uint8_t *bytes, size_t count, ci_header *header);

/// Looks for damage in Deflate-compressed data that decoding a TIFF does not find.
int ci_tiff_check(const uint8_t *bytes, size_t count);

/// Decodes the first image of a TIFF with 1 to 8, 16 or 32 bits a sample, applies its orientation, and copies
/// `region` into `rgb`, packed.
int ci_tiff_decode(const uint8_t *bytes, size_t count, ci_region region, uint8_t *rgb);

/// Writes a PNG file of 8-bit samples: grey for 1 channel, RGB for 3.
int ci_png_write(const char *path, const uint8_t *samples, int32_t width, int32_t height, int32_t channels);

/// Encodes such a PNG in a new block that the caller frees with `free`.
int ci_png_encode(const uint8_t *samples, int32_t width, int32_t height, int32_t channels, uint8_t **bytes,
                  size_t *count);

#ifdef __cplusplus
}
#endif
