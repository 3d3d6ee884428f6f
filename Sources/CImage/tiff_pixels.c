#include "tiff_pixels.h"
#include <string.h>

int tiff_needed_samples(const struct tiff_meaning *meaning) {
  switch (meaning->kind) {
    case TIFF_RGB: return meaning->is_premultiplied ? 4 : 3;
    case TIFF_CMYK: return 4;
    default: return 1;
  }
}

static const uint8_t *at(const struct tiff_row *row, size_t x, int sample) {
  return row->samples[sample] + x * row->step;
}

// 16-bit samples are in this processor's byte order.
static uint16_t deep(const uint8_t *sample) {
  uint16_t value;
  memcpy(&value, sample, sizeof value);
  return value;
}

// Returns a sample as 8 bits, the high byte of 16.
static uint32_t level(const struct tiff_meaning *meaning, const struct tiff_row *row, size_t x, int sample) {
  const uint8_t *value = at(row, x, sample);
  return meaning->bits == 16 ? deep(value) >> 8 : *value;
}

// Returns a sample of at most 8 bits; smaller ones share a byte, the first pixel in the highest bits.
static uint32_t small(const struct tiff_meaning *meaning, const struct tiff_row *row, size_t x) {
  if (meaning->bits == 8) return *at(row, x, 0);
  const size_t bit = x * (size_t)meaning->bits;
  return (uint32_t)row->samples[0][bit / 8] >> (8 - (size_t)meaning->bits - bit % 8) & ((1u << meaning->bits) - 1);
}

// Returns a grey level. 16-bit grey is not scaled: `convert("RGB")` clips it at 255, without inversion.
static uint8_t grey(const struct tiff_meaning *meaning, const struct tiff_row *row, size_t x) {
  if (meaning->bits == 16) {
    const uint16_t value = deep(at(row, x, 0));
    return value > 255 ? 255 : (uint8_t)value;
  }
  const uint32_t value = small(meaning, row, x) * 255 / ((1u << meaning->bits) - 1);
  return (uint8_t)(meaning->is_inverted ? 255 - value : value);
}

// Clips signed or 32-bit grey as `convert("RGB")` does, which takes all values for signed.
static uint8_t whole_grey(const struct tiff_meaning *meaning, const struct tiff_row *row, size_t x) {
  int32_t value;
  if (meaning->bits == 16) value = (int16_t)deep(at(row, x, 0));
  else memcpy(&value, at(row, x, 0), sizeof value);
  return value < 0 ? 0 : value > 255 ? 255 : (uint8_t)value;
}

static uint8_t real_grey(const struct tiff_row *row, size_t x) {
  float value;
  memcpy(&value, at(row, x, 0), sizeof value);
  // NaN becomes black.
  return value > 0 ? value >= 255 ? 255 : (uint8_t)value : 0;
}

static void write_rgb(const struct tiff_meaning *meaning, const struct tiff_row *row, size_t x, uint8_t *rgb) {
  const uint32_t alpha = meaning->is_premultiplied ? level(meaning, row, x, 3) : 255;
  for (int i = 0; i < 3; i++) {
    const uint32_t value = level(meaning, row, x, i);
    const uint32_t whole = alpha == 0 ? 0 : value * 255 / alpha;
    rgb[i] = whole > 255 ? 255 : (uint8_t)whole;
  }
}

static void write_cmyk(const struct tiff_meaning *meaning, const struct tiff_row *row, size_t x, uint8_t *rgb) {
  const uint32_t light = 255 - level(meaning, row, x, 3);
  for (int i = 0; i < 3; i++) {
    const uint32_t ink = level(meaning, row, x, i) * light + 128;
    rgb[i] = (uint8_t)(light - (((ink >> 8) + ink) >> 8));
  }
}

void tiff_pixel(const struct tiff_meaning *meaning, const struct tiff_row *row, size_t x, uint8_t *rgb) {
  switch (meaning->kind) {
    case TIFF_GREY: memset(rgb, grey(meaning, row, x), 3); break;
    case TIFF_WHOLE: memset(rgb, whole_grey(meaning, row, x), 3); break;
    case TIFF_REAL: memset(rgb, real_grey(row, x), 3); break;
    case TIFF_PALETTE: memcpy(rgb, meaning->colors[small(meaning, row, x)], 3); break;
    case TIFF_RGB: write_rgb(meaning, row, x, rgb); break;
    case TIFF_CMYK: write_cmyk(meaning, row, x, rgb); break;
  }
}
