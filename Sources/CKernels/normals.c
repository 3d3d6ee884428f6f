#include "CKernels.h"
#include "every_processor.h"

#include <string.h>

// As in update.c: a product and a sum fused into one rounding would make processors differ.
#pragma STDC FP_CONTRACT OFF

// Counters side by side, as many as the widest registers take, and four numbers of each.
enum { LANES = 16, BLOCK = 4 * LANES };

static inline uint32_t upper(uint32_t a, uint32_t b) { return (uint32_t)((uint64_t)a * b >> 32); }

static inline float bits_as_float(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static inline uint32_t float_as_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

// Of a number in (0, 1]. The polynomials, here and below, are those of Moshier's Cephes (logf, sinf, cosf).
static inline float logarithm(float x) {
  const uint32_t root_of_half = 0x3F3504F3, scaled = float_as_bits(x) - root_of_half;
  const float exponent = (float)((int32_t)scaled >> 23);
  const float m = bits_as_float((scaled & 0x7FFFFF) + root_of_half) - 1, square = m * m;
  float y = 7.0376836292e-2f * m - 1.1514610310e-1f;
  y = y * m + 1.1676998740e-1f;
  y = y * m - 1.2420140846e-1f;
  y = y * m + 1.4249322787e-1f;
  y = y * m - 1.6668057665e-1f;
  y = y * m + 2.0000714765e-1f;
  y = y * m - 2.4999993993e-1f;
  y = y * m + 3.3333331174e-1f;
  y = y * m * square - 2.12194440e-4f * exponent - 0.5f * square;
  return m + y + 0.693359375f * exponent;
}

// Box and Muller's two normal numbers of two words, each taken as 24 bits.
static inline void normal_pair(uint32_t radius_word, uint32_t angle_word, float *first, float *second) {
  const float radius = __builtin_elementwise_sqrt(-2 * logarithm((float)((int32_t)(radius_word >> 8) + 1) * 0x1p-24f));
  // The angle: whole quarters of a turn, and at most an eighth beside them.
  const int32_t turn = (int32_t)(angle_word >> 8), quarters = (turn + (1 << 21)) >> 22;
  const float x = (float)(turn - (quarters << 22)) * (3.14159265358979f * 0x1p-23f), z = x * x;
  const float sine = ((-1.9515295891e-4f * z + 8.3321608736e-3f) * z - 1.6666654611e-1f) * z * x + x;
  const float cosine =
      ((2.443315711809948e-5f * z - 1.388731625493765e-3f) * z + 4.166664568298827e-2f) * z * z - 0.5f * z + 1;
  const float across = quarters & 1 ? sine : cosine, along = quarters & 1 ? cosine : sine;
  *first = radius * ((quarters + 1) & 2 ? -across : across);
  *second = radius * (quarters & 2 ? -along : along);
}

// The numbers of sixteen counters from `counter` on: all first ones, all second ones, and so on.
//
// Philox4x32-10: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
__attribute__((always_inline)) static inline void normal_block(uint64_t counter, uint64_t key, float *numbers) {
  for (uint32_t lane = 0; lane < LANES; lane++) {
    uint32_t x0 = (uint32_t)counter + lane, x1 = (uint32_t)(counter >> 32), x2 = 0, x3 = 0;
    uint32_t key0 = (uint32_t)key, key1 = (uint32_t)(key >> 32);
    for (int round = 0; round < 10; round++, key0 += 0x9E3779B9, key1 += 0xBB67AE85) {
      const uint32_t upper0 = upper(x0, 0xD2511F53), lower0 = x0 * 0xD2511F53;
      const uint32_t upper2 = upper(x2, 0xCD9E8D57), lower2 = x2 * 0xCD9E8D57;
      x0 = upper2 ^ x1 ^ key0;
      x1 = lower2;
      x2 = upper0 ^ x3 ^ key1;
      x3 = lower0;
    }
    normal_pair(x0, x1, numbers + lane, numbers + LANES + lane);
    normal_pair(x2, x3, numbers + 2 * LANES + lane, numbers + 3 * LANES + lane);
  }
}

EVERY_PROCESSOR void floats_normal(float *result, size_t count, uint64_t key) {
  float block[BLOCK];
  for (size_t at = 0; at < count; at += BLOCK) {
    normal_block(at / 4, key, block);
    memcpy(result + at, block, (count - at < BLOCK ? count - at : BLOCK) * sizeof *block);
  }
}
