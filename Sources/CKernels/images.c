#include "CKernels.h"
#include "every_processor.h"

// Whole pixels of three channels, and whole vectors of every instruction set.
enum { PERIOD = 48 };

EVERY_PROCESSOR void floats_normalize(float *restrict result, const uint8_t *restrict bytes, size_t count,
                                      const float *means, const float *deviations) {
  float mean[PERIOD], deviation[PERIOD];
  for (size_t i = 0; i < PERIOD; i++) mean[i] = means[i % 3], deviation[i] = deviations[i % 3];
  size_t at = 0;
  for (; at + PERIOD <= count; at += PERIOD) {
    for (size_t i = 0; i < PERIOD; i++) result[at + i] = ((float)bytes[at + i] - mean[i]) / deviation[i];
  }
  for (; at < count; at++) result[at] = ((float)bytes[at] - means[at % 3]) / deviations[at % 3];
}
