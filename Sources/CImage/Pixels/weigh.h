// Both passes of a scaling: weighted sums of bytes that lie below each other.
//
// The vertical pass finds them so. The horizontal pass transposes sixteen rows at a time, so that a column of
// them is 64 bytes, takes the same sums, and transposes the results back.
#pragma once

enum { BLOCK = 64 };

static uint8_t weigh_byte(const uint8_t *rows, size_t stride, const int32_t *weights, int32_t taps) {
  int32_t sum = 1 << (CI_FRACTION - 1);
  for (int32_t tap = 0; tap < taps; tap++) sum += rows[(size_t)tap * stride] * weights[tap];
  sum >>= CI_FRACTION;
  return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

CI_INLINE void turn_square_back(const uint8_t *column, int32_t x, int32_t width, int32_t count, uint8_t *rows) {
  colors4 square[4];
  CI_UNROLL for (int i = 0; i < 4; i++) memcpy(square + i, column + BLOCK * i, sizeof square[i]);
  transpose(square);
  for (int32_t i = 0; i < count; i++) {
    uint8_t *pixels = rows + ((size_t)i * (size_t)width + (size_t)x) * 3;
    if (width - x >= ROOM) store_pixels(pixels, square[i]);
    else store_last_pixels(pixels, square[i], width - x < 4 ? width - x : 4);
  }
}

static void turn_strip_back(const uint8_t *columns, int32_t count, int32_t width, uint8_t *rows) {
  for (int32_t y = 0; y < count; y += 4, rows += (size_t)width * 12) {
    const int32_t part = count - y < 4 ? count - y : 4;
    const uint8_t *column = columns + 4 * y;
    for (int32_t x = 0; x < width; x += 4) {
      if (part == 4) turn_square_back(column + (size_t)x * BLOCK, x, width, 4, rows);
      else turn_square_back(column + (size_t)x * BLOCK, x, width, part, rows);
    }
  }
}

#if defined(CI_BYTE_PRODUCTS)
#include "weigh_bytes.h"
#else
#include "weigh_words.h"
#endif
