// Pillow's blend of an image with one derived from it: in single precision, clipped to 0…255, truncated.
#pragma once

CI_INLINE uint8_t blend(int32_t plain, int32_t value, float factor) {
  float mixed = (float)plain + factor * (float)(value - plain);
  mixed = mixed < 0 ? 0 : mixed > 255 ? 255 : mixed;
  return (uint8_t)mixed;
}

// ITU-R 601-2 luma in 16-bit fixed point, as in `convert("L")`.
CI_INLINE int32_t grey_of(const uint8_t *pixel) {
  return (19595 * pixel[0] + 38470 * pixel[1] + 7471 * pixel[2] + 0x8000) >> 16;
}

static int64_t sum_greys(const uint8_t *rgb, size_t pixels) {
  int64_t sum = 0;
  for (size_t i = 0; i < pixels; i++) sum += grey_of(rgb + 3 * i);
  return sum;
}

static void mix_greys(uint8_t *rgb, size_t pixels, float factor) {
  for (size_t i = 0; i < pixels; i++) {
    const int32_t grey = grey_of(rgb + 3 * i);
    for (int channel = 0; channel < 3; channel++) rgb[3 * i + channel] = blend(grey, rgb[3 * i + channel], factor);
  }
}

// The mean of a value and its eight neighbours with weight 5 for itself, rounded to nearest.
static void mix_smooth(uint8_t *restrict rgb, const uint8_t *restrict before, int32_t width, int32_t height,
                       float factor) {
  const ptrdiff_t row = (ptrdiff_t)width * 3;
  for (int32_t y = 1; y + 1 < height; y++) {
    const uint8_t *from = before + y * row;
    uint8_t *into = rgb + y * row;
    for (ptrdiff_t i = 3; i < row - 3; i++) {
      const int32_t sum = from[i - row - 3] + from[i - row] + from[i - row + 3] + from[i - 3] + 5 * from[i] +
                          from[i + 3] + from[i + row - 3] + from[i + row] + from[i + row + 3];
      into[i] = blend((2 * sum + 13) / 26, from[i], factor);
    }
  }
}
