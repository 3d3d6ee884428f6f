// Weighted sums for processors that multiply unsigned by signed bytes and add up four products in one instruction (VNNI).
//
// A 22-bit weight is split into three signed digits to base 256, so four inputs cost three instructions. Inputs are stored in
// aligned groups of four; an output that starts or ends within a group has zero weights for the group's other inputs.
#pragma once

/// Writes each output's weights: for each group of four inputs a word of low digits, one of middle and one of high digits.
static void write_digits(const struct ci_weights *weights) {
  const size_t words = ci_digit_words(weights->most);
  memset(weights->digits, 0, (size_t)weights->count * words * sizeof(int32_t));
  for (int32_t i = 0; i < weights->count; i++) {
    const int32_t *fixed = weights->fixed + (size_t)i * (size_t)weights->most;
    int8_t *digits = (int8_t *)(weights->digits + (size_t)i * words);
    for (int32_t tap = 0, place = weights->first[i] % 4; tap < weights->taps[i]; tap++, place++) {
      int8_t *digit = digits + place / 4 * 12 + place % 4;
      const int8_t last = (int8_t)fixed[tap];
      const int32_t rest = (fixed[tap] - last) >> 8;
      digit[0] = last;
      digit[4] = (int8_t)rest;
      digit[8] = (int8_t)((rest - digit[4]) >> 8);
    }
  }
}

/// Computes 64 bytes of an output; `columns` holds the groups of four inputs, 4 · 64 bytes each.
CI_INLINE void weigh_fours(const uint8_t *columns, const struct ci_weights *weights, int32_t output, uint8_t *out) {
  const int32_t first = weights->first[output], fours = (first % 4 + weights->taps[output] + 3) / 4;
  const int32_t *digits = weights->digits + (size_t)output * ci_digit_words(weights->most);
  const uint8_t *inputs = columns + (size_t)(first / 4) * 4 * BLOCK;
  __m512i sum[3][4];
  CI_UNROLL for (int i = 0; i < 4; i++) {
    sum[0][i] = _mm512_set1_epi32(1 << (CI_FRACTION - 1));
    sum[1][i] = sum[2][i] = _mm512_setzero_si512();
  }
  for (int32_t four = 0; four < fours; four++, digits += 3, inputs += 4 * BLOCK) {
    CI_UNROLL for (int i = 0; i < 4; i++) {
      const __m512i bytes = _mm512_loadu_si512(inputs + BLOCK * i);
      CI_UNROLL for (int digit = 0; digit < 3; digit++) {
        sum[digit][i] = _mm512_dpbusd_epi32(sum[digit][i], bytes, _mm512_set1_epi32(digits[digit]));
      }
    }
  }
  CI_UNROLL for (int i = 0; i < 4; i++) {
    const __m512i upper = _mm512_add_epi32(sum[1][i], _mm512_slli_epi32(sum[2][i], 8));
    sum[0][i] = _mm512_srai_epi32(_mm512_add_epi32(sum[0][i], _mm512_slli_epi32(upper, 8)), CI_FRACTION);
  }
  // Packing saturates to 0…255.
  const __m512i low = _mm512_packs_epi32(sum[0][0], sum[0][1]), high = _mm512_packs_epi32(sum[0][2], sum[0][3]);
  _mm512_storeu_si512(out, _mm512_packus_epi16(low, high));
}

/// Interleaves 64 bytes of each of four rows to groups of four, in the order that packing turns back into the rows' order.
CI_INLINE void gather_four(const uint8_t *const row[4], uint8_t *columns) {
  __m512i bytes[4];
  CI_UNROLL for (int i = 0; i < 4; i++) bytes[i] = _mm512_loadu_si512(row[i]);
  const __m512i a = _mm512_unpacklo_epi8(bytes[0], bytes[1]), b = _mm512_unpacklo_epi8(bytes[2], bytes[3]);
  const __m512i c = _mm512_unpackhi_epi8(bytes[0], bytes[1]), d = _mm512_unpackhi_epi8(bytes[2], bytes[3]);
  _mm512_storeu_si512(columns, _mm512_unpacklo_epi16(a, b));
  _mm512_storeu_si512(columns + BLOCK, _mm512_unpackhi_epi16(a, b));
  _mm512_storeu_si512(columns + 2 * BLOCK, _mm512_unpacklo_epi16(c, d));
  _mm512_storeu_si512(columns + 3 * BLOCK, _mm512_unpackhi_epi16(c, d));
}

static void weigh_down(const uint8_t *rows, size_t stride, size_t bytes, const struct ci_weights *weights, uint8_t *columns,
                       uint8_t *out) {
  int32_t height = 0;
  for (int32_t i = 0; i < weights->count; i++) {
    const int32_t end = weights->first[i] + weights->taps[i];
    height = height < end ? end : height;
  }
  write_digits(weights);
  for (size_t at = 0; at < bytes && bytes >= BLOCK; at += BLOCK) {
    // The last block overlaps the one before.
    if (at + BLOCK > bytes) at = bytes - BLOCK;
    for (int32_t y = 0; y < height; y += 4) {
      const uint8_t *row[4];
      for (int32_t i = 0; i < 4; i++) row[i] = rows + (size_t)(y + i < height ? y + i : height - 1) * stride + at;
      gather_four(row, columns + (size_t)y * BLOCK);
    }
    for (int32_t i = 0; i < weights->count; i++) weigh_fours(columns, weights, i, out + (size_t)i * bytes + at);
  }
  for (int32_t i = 0; i < weights->count && bytes < BLOCK; i++) {
    const uint8_t *first = rows + (size_t)weights->first[i] * stride;
    const int32_t *fixed = weights->fixed + (size_t)i * (size_t)weights->most;
    for (size_t at = 0; at < bytes; at++) {
      out[(size_t)i * bytes + at] = weigh_byte(first + at, stride, fixed, weights->taps[i]);
    }
  }
}

/// Turns four pixels into four bytes of each channel and four zeros.
CI_INLINE bytes16 channels_of(bytes16 pixels) {
  const bytes16 zero = {0};
  return __builtin_shufflevector(pixels, zero, 0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11, 16, 16, 16, 16);
}

/// Turns sixteen rows into groups of four pixels, in the order that packing turns back; missing rows repeat the last one.
static void turn_strip(const uint8_t *rows, size_t stride, int32_t count, int32_t width, uint8_t *columns) {
  for (int32_t y = 0; y < 16; y++) {
    const uint8_t *row = rows + (size_t)(y < count ? y : count - 1) * stride;
    uint8_t *column = columns + y % 4 * BLOCK + y / 4 * 16;
    int32_t x = 0;
    for (; x + ROOM <= width; x += 4) {
      const bytes16 turned = channels_of(load16(row + (size_t)x * 3));
      memcpy(column + (size_t)x * BLOCK, &turned, sizeof turned);
    }
    for (; x < width; x += 4) {
      uint8_t padded[16] = {0};
      memcpy(padded, row + (size_t)x * 3, (size_t)(width - x < 4 ? width - x : 4) * 3);
      const bytes16 turned = channels_of(load16(padded));
      memcpy(column + (size_t)x * BLOCK, &turned, sizeof turned);
    }
  }
}

static void weigh_across(const uint8_t *rgb, size_t stride, int32_t width, int32_t height, const struct ci_weights *weights,
                         uint8_t *columns, uint8_t *weighed, uint8_t *out) {
  write_digits(weights);
  for (int32_t y = 0; y < height; y += 16) {
    const int32_t rows = height - y < 16 ? height - y : 16;
    turn_strip(rgb + (size_t)y * stride, stride, rows, width, columns);
    for (int32_t i = 0; i < weights->count; i++) weigh_fours(columns, weights, i, weighed + (size_t)i * BLOCK);
    turn_strip_back(weighed, rows, weights->count, out + (size_t)y * (size_t)weights->count * 3);
  }
}
