// What a TIFF's samples mean, following Pillow's `TiffImagePlugin` and `convert("RGB")`.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tiffio.h>

enum { TIFF_MOST_SAMPLES = 6 };

typedef enum { TIFF_GREY, TIFF_WHOLE, TIFF_REAL, TIFF_PALETTE, TIFF_RGB, TIFF_CMYK } tiff_kind;

/// How a pixel is computed from its samples. Integer samples may be signed; real samples are floats.
struct tiff_meaning {
  tiff_kind kind;
  int bits;  // of a sample
  int samples;  // of a pixel
  bool is_inverted;  // grey whose 0 is white
  bool is_converted;  // to RGB by libtiff, some rows of the whole width at a time
  bool is_premultiplied;  // colours that their alpha, the fourth sample, has darkened
  uint8_t colors[256][3];
};

/// Returns a number from the header, or `otherwise` where the header lacks it.
uint16_t tiff_field(TIFF *tiff, uint32_t tag, uint16_t otherwise);

/// Reads the meaning of the samples; fails for kinds that are not supported.
int tiff_read_meaning(TIFF *tiff, bool has_planes, struct tiff_meaning *meaning);

/// The samples of a row: where the first pixel's samples are, and the bytes from one pixel's sample to the
/// next pixel's.
struct tiff_row {
  const uint8_t *samples[TIFF_MOST_SAMPLES];
  size_t step;
};

/// Returns how many samples of a pixel are used.
int tiff_needed_samples(const struct tiff_meaning *meaning);

/// Writes the RGB value of pixel `x` of a row.
void tiff_pixel(const struct tiff_meaning *meaning, const struct tiff_row *row, size_t x, uint8_t *rgb);
