// What the samples of a TIFF mean, as Pillow's `TiffImagePlugin` and `convert("RGB")` have it.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TIFF_MOST_SAMPLES = 6 };

typedef enum { TIFF_GREY, TIFF_PALETTE, TIFF_RGB, TIFF_CMYK } tiff_kind;

/// How a pixel is made of its samples.
struct tiff_meaning {
  tiff_kind kind;
  int bits;  // of a sample
  int samples;  // of a pixel
  bool is_inverted;  // grey whose 0 is white
  bool is_premultiplied;  // colours that their alpha, the fourth sample, has darkened
  uint8_t colors[256][3];
};

/// A row's samples: where the first pixel has each, and how many bytes follow until the next pixel has it.
struct tiff_row {
  const uint8_t *samples[TIFF_MOST_SAMPLES];
  size_t step;
};

/// How many samples of a pixel are looked at.
int tiff_needed_samples(const struct tiff_meaning *meaning);

/// Writes the RGB of pixel `x` of a row.
void tiff_pixel(const struct tiff_meaning *meaning, const struct tiff_row *row, size_t x, uint8_t *rgb);
