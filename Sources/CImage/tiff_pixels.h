// What the samples of a TIFF mean, as Pillow's `TiffImagePlugin` and `convert("RGB")` have it.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tiffio.h>

enum { TIFF_MOST_SAMPLES = 6 };

typedef enum { TIFF_GREY, TIFF_WHOLE, TIFF_REAL, TIFF_PALETTE, TIFF_RGB, TIFF_CMYK } tiff_kind;

/// How a pixel is made of its samples; a whole one may have a sign, and a real one is a float.
struct tiff_meaning {
  tiff_kind kind;
  int bits;  // of a sample
  int samples;  // of a pixel
  bool is_inverted;  // grey whose 0 is white
  bool is_converted;  // to RGB by libtiff, some rows of the whole width at a time
  bool is_premultiplied;  // colours that their alpha, the fourth sample, has darkened
  uint8_t colors[256][3];
};

/// A number of the header, or another where it has none.
uint16_t tiff_field(TIFF *tiff, uint32_t tag, uint16_t otherwise);

/// Reads what samples mean; fails for what is not read.
int tiff_read_meaning(TIFF *tiff, bool has_planes, struct tiff_meaning *meaning);

/// A row's samples: where the first pixel has each, and how many bytes follow until the next pixel has it.
struct tiff_row {
  const uint8_t *samples[TIFF_MOST_SAMPLES];
  size_t step;
};

/// How many samples of a pixel are looked at.
int tiff_needed_samples(const struct tiff_meaning *meaning);

/// Writes the RGB of pixel `x` of a row.
void tiff_pixel(const struct tiff_meaning *meaning, const struct tiff_row *row, size_t x, uint8_t *rgb);
