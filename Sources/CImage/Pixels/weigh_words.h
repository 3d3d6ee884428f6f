// Weighted sums with a 32-bit product for each byte and weight.
#pragma once

/// Computes 64 bytes, each the weighted sum of the bytes at its place in `taps` rows.
CI_INLINE void weigh_block(const uint8_t *rows, size_t stride, const int32_t *weights, int32_t taps, uint8_t *out) {
  const sums16 zero = {0};
  sums16 sum[4];
  CI_UNROLL for (int i = 0; i < 4; i++) sum[i] = zero + (1 << (CI_FRACTION - 1));
  for (int32_t tap = 0; tap < taps; tap++, rows += stride) {
    CI_UNROLL for (int i = 0; i < 4; i++) {
      sum[i] += __builtin_convertvector(load16(rows + 16 * i), sums16) * weights[tap];
    }
  }
  CI_UNROLL for (int i = 0; i < 4; i++) {
    sum[i] = __builtin_elementwise_min(__builtin_elementwise_max(sum[i] >> CI_FRACTION, zero), zero + 255);
    const bytes16 levels = __builtin_convertvector(sum[i], bytes16);
    memcpy(out + 16 * i, &levels, sizeof levels);
  }
}

static void weigh_down(const uint8_t *rows, size_t stride, size_t bytes, const struct ci_weights *weights, uint8_t *columns,
                       uint8_t *out) {
  for (int32_t i = 0; i < weights->count; i++, out += bytes) {
    const uint8_t *first = rows + (size_t)weights->first[i] * stride;
    const int32_t *fixed = weights->fixed + (size_t)i * (size_t)weights->most;
    const int32_t taps = weights->taps[i];
    size_t at = 0;
    for (; at + BLOCK <= bytes; at += BLOCK) weigh_block(first + at, stride, fixed, taps, out + at);
    // The last block overlaps the one before.
    if (at < bytes && bytes >= BLOCK) {
      at = bytes - BLOCK;
      weigh_block(first + at, stride, fixed, taps, out + at);
      continue;
    }
    for (; at < bytes; at++) out[at] = weigh_byte(first + at, stride, fixed, taps);
  }
}

/// Transposes four pixels of each of four rows.
CI_INLINE void turn_square(const uint8_t *const row[4], int32_t x, int32_t width, uint8_t *column) {
  colors4 square[4];
  CI_UNROLL for (int i = 0; i < 4; i++) {
    const uint8_t *pixels = row[i] + (size_t)x * 3;
    square[i] = width - x >= ROOM ? load_pixels(pixels) : load_last_pixels(pixels, width - x < 4 ? width - x : 4);
  }
  transpose(square);
  CI_UNROLL for (int i = 0; i < 4; i++) memcpy(column + BLOCK * i, square + i, sizeof square[i]);
}

/// Transposes sixteen rows; where there are fewer, the last one is repeated.
static void turn_strip(const uint8_t *rows, size_t stride, int32_t count, int32_t width, uint8_t *columns) {
  for (int32_t y = 0; y < 16; y += 4) {
    const uint8_t *row[4];
    for (int32_t i = 0; i < 4; i++) row[i] = rows + (size_t)(y + i < count ? y + i : count - 1) * stride;
    uint8_t *column = columns + 4 * y;
    int32_t x = 0;
    for (; x + ROOM <= width; x += 4) turn_square(row, x, INT32_MAX, column + (size_t)x * BLOCK);
    for (; x < width; x += 4) turn_square(row, x, width, column + (size_t)x * BLOCK);
  }
}

static void weigh_across(const uint8_t *rgb, size_t stride, int32_t width, int32_t height, const struct ci_weights *weights,
                         uint8_t *columns, uint8_t *weighed, uint8_t *out) {
  for (int32_t y = 0; y < height; y += 16) {
    const int32_t rows = height - y < 16 ? height - y : 16;
    turn_strip(rgb + (size_t)y * stride, stride, rows, width, columns);
    for (int32_t i = 0; i < weights->count; i++) {
      weigh_block(columns + (size_t)weights->first[i] * BLOCK, BLOCK,
                  weights->fixed + (size_t)i * (size_t)weights->most, weights->taps[i], weighed + (size_t)i * BLOCK);
    }
    turn_strip_back(weighed, rows, weights->count, out + (size_t)y * (size_t)weights->count * 3);
  }
}
