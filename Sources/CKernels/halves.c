#include "CKernels.h"
#include "every_processor.h"

#include <stdint.h>
#include <string.h>

static inline float float_at(const void *floats, size_t index) {
  float value;
  memcpy(&value, (const char *)floats + index * sizeof value, sizeof value);
  return value;
}

static inline uint16_t half_at(const void *halves, size_t index) {
  uint16_t value;
  memcpy(&value, (const char *)halves + index * sizeof value, sizeof value);
  return value;
}

static inline void put_half(void *halves, size_t index, uint16_t value) {
  memcpy((char *)halves + index * sizeof value, &value, sizeof value);
}

// Rounds a float to bfloat16, its upper half, with ties to even; a NaN stays one.
static inline uint16_t bfloat16_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  uint32_t rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
  return (uint16_t)((bits & 0x7FFFFFFF) > 0x7F800000 ? (bits >> 16) | 0x40 : rounded);
}

static inline float of_bfloat16(uint16_t half) {
  uint32_t bits = (uint32_t)half << 16;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static inline uint16_t float16_of(float value) {
  _Float16 half = (_Float16)value;
  uint16_t bits;
  memcpy(&bits, &half, sizeof bits);
  return bits;
}

static inline float of_float16(uint16_t bits) {
  _Float16 half;
  memcpy(&half, &bits, sizeof half);
  return (float)half;
}

EVERY_PROCESSOR void floats_round(floats_half kind, void *halves, const void *source, size_t count) {
  if (kind == FLOATS_BFLOAT16) {
    for (size_t i = 0; i < count; i++) put_half(halves, i, bfloat16_of(float_at(source, i)));
  } else {
    for (size_t i = 0; i < count; i++) put_half(halves, i, float16_of(float_at(source, i)));
  }
}

EVERY_PROCESSOR void floats_add_rounded(floats_half kind, void *halves, const void *addends, size_t count) {
  if (kind == FLOATS_BFLOAT16) {
    for (size_t i = 0; i < count; i++)
      put_half(halves, i, bfloat16_of(of_bfloat16(half_at(halves, i)) + float_at(addends, i)));
  } else {
    for (size_t i = 0; i < count; i++)
      put_half(halves, i, float16_of(of_float16(half_at(halves, i)) + float_at(addends, i)));
  }
}

EVERY_PROCESSOR void floats_widen(floats_half kind, void *result, const void *halves, size_t count) {
  for (size_t i = 0; i < count; i++) {
    float value = kind == FLOATS_BFLOAT16 ? of_bfloat16(half_at(halves, i)) : of_float16(half_at(halves, i));
    memcpy((char *)result + i * sizeof value, &value, sizeof value);
  }
}
