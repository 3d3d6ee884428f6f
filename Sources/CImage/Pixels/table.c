// Chooses an instruction set that the processor has, and calls its loops.
#include "table.h"
#include <string.h>

static _Thread_local int chosen = -1;

ci_instructions ci_instructions_available(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl")) {
    return __builtin_cpu_supports("avx512vnni") ? CI_VNNI : CI_AVX512;
  }
  if (__builtin_cpu_supports("avx2")) return CI_AVX2;
#endif
  return CI_PLAIN;
}

int ci_instructions_use(ci_instructions set) {
  if (set > ci_instructions_available()) return 1;
  chosen = (int)set;
  return 0;
}

const struct ci_kernels *ci_kernels(void) {
#if defined(__x86_64__)
  switch (chosen < 0 ? (int)ci_instructions_available() : chosen) {
    case CI_VNNI: return &ci_kernels_vnni;
    case CI_AVX512: return &ci_kernels_avx512;
    case CI_AVX2: return &ci_kernels_avx2;
  }
#endif
  return &ci_kernels_plain;
}

size_t ci_move_memory(int32_t width, int32_t height) {
  return 4 * ((size_t)width + 2 * CI_MOVE_RIM) * ((size_t)height + 2 * CI_MOVE_RIM);
}

void ci_move(uint8_t *rgb, int32_t width, int32_t height, ci_affine map, ci_filter filter, uint8_t *memory) {
  ci_kernels()->move(rgb, width, height, map, filter, memory);
}

int64_t ci_sum_greys(const uint8_t *rgb, size_t pixels) { return ci_kernels()->sum_greys(rgb, pixels); }

void ci_mix_greys(uint8_t *rgb, size_t pixels, float factor) { ci_kernels()->mix_greys(rgb, pixels, factor); }

void ci_mix_smooth(uint8_t *rgb, const uint8_t *before, int32_t width, int32_t height, float factor) {
  ci_kernels()->mix_smooth(rgb, before, width, height, factor);
}

void ci_replace_tones(uint8_t *rgb, size_t pixels, const uint8_t *tones) {
  ci_kernels()->replace_tones(rgb, pixels, tones);
}

static void swap(uint8_t *a, uint8_t *b, size_t bytes) {
  uint8_t spare[1024];
  for (size_t at = 0; at < bytes; at += sizeof spare) {
    const size_t part = bytes - at < sizeof spare ? bytes - at : sizeof spare;
    memcpy(spare, a + at, part);
    memcpy(a + at, b + at, part);
    memcpy(b + at, spare, part);
  }
}

void ci_flip(uint8_t *rgb, int32_t width, int32_t height) {
  const size_t row = (size_t)width * 3;
  for (int32_t top = 0, bottom = height - 1; top < bottom; top++, bottom--) {
    swap(rgb + (size_t)top * row, rgb + (size_t)bottom * row, row);
  }
}

void ci_count_tones(const uint8_t *rgb, size_t pixels, int32_t *counts) {
  for (size_t i = 0; i < pixels; i++, rgb += 3) {
    counts[rgb[0]]++;
    counts[256 + rgb[1]]++;
    counts[512 + rgb[2]]++;
  }
}
