#include "CKernels.h"
#include "every_processor.h"

#include <string.h>

// A cache line of floats. The compiler makes one, two or four registers of it.
typedef float line __attribute__((vector_size(64), aligned(1), may_alias));
enum { LINE = sizeof(line) / sizeof(float), STRIP = 4 };

static inline const line *lines(const void *floats, size_t start) {
  return (const line *)((const char *)floats + start * sizeof(float));
}

static inline void add_one(void *sums, const void *addends, size_t index) {
  float sum, addend;
  memcpy(&sum, (char *)sums + index * sizeof sum, sizeof sum);
  memcpy(&addend, (const char *)addends + index * sizeof addend, sizeof addend);
  sum += addend;
  memcpy((char *)sums + index * sizeof sum, &sum, sizeof sum);
}

static inline float sum_one(const void *const *terms, size_t count, size_t index) {
  float sum;
  memcpy(&sum, lines(terms[0], index), sizeof sum);
  for (size_t t = 1; t < count; t++) add_one(&sum, lines(terms[t], index), 0);
  return sum;
}

EVERY_PROCESSOR void floats_add(void *sums, const void *addends, size_t count) {
  size_t i = 0;
  for (; i + LINE <= count; i += LINE) *(line *)lines(sums, i) += *lines(addends, i);
  for (; i < count; i++) add_one(sums, addends, i);
}

// Every term of an element is read before any result is written, hence terms and results may be the same.
EVERY_PROCESSOR void floats_sum(void *const *results, size_t result_count, const void *const *terms, size_t term_count,
                                size_t group, size_t start, size_t count) {
  size_t i = start, end = start + count;
  for (; i + STRIP * LINE <= end; i += STRIP * LINE) {
    const line *first = lines(terms[0], i);
    line a = first[0], b = first[1], c = first[2], d = first[3];
    for (size_t t = 1; t < group; t++) {
      const line *term = lines(terms[t], i);
      a += term[0], b += term[1], c += term[2], d += term[3];
    }
    for (size_t g = group; g < term_count; g += group) {
      const line *lead = lines(terms[g], i);
      line e = lead[0], f = lead[1], h = lead[2], j = lead[3];
      for (size_t t = g + 1; t < g + group; t++) {
        const line *term = lines(terms[t], i);
        e += term[0], f += term[1], h += term[2], j += term[3];
      }
      a += e, b += f, c += h, d += j;
    }
    for (size_t r = 0; r < result_count; r++) {
      line *result = (line *)lines(results[r], i);
      result[0] = a, result[1] = b, result[2] = c, result[3] = d;
    }
  }
  for (; i < end; i++) {
    float sum = sum_one(terms, group, i);
    for (size_t g = group; g < term_count; g += group) sum += sum_one(terms + g, group, i);
    for (size_t r = 0; r < result_count; r++) memcpy((void *)lines(results[r], i), &sum, sizeof sum);
  }
}

typedef float aligned_line __attribute__((vector_size(64), may_alias));

static int is_aligned(const void *address) { return (size_t)address % sizeof(aligned_line) == 0; }

// A store past the caches needs a whole line on a line's edge; what lies before and after goes the usual way.
EVERY_PROCESSOR static void copy_past_caches(float *result, const float *source, size_t count) {
  size_t i = 0;
  for (; i < count && !is_aligned(result + i); i++) memcpy(result + i, source + i, sizeof *result);
  for (; i + LINE <= count; i += LINE)
    __builtin_nontemporal_store((aligned_line) * (const line *)(source + i), (aligned_line *)(result + i));
  for (; i < count; i++) memcpy(result + i, source + i, sizeof *result);
}

void floats_spread(void *const *results, size_t result_count, const void *source, size_t start, size_t count) {
  // A piece stays in the first cache while it goes to one result after the other.
  enum { PIECE = 2048 };
  for (size_t done = 0; done < count; done += PIECE) {
    size_t length = count - done < PIECE ? count - done : PIECE;
    for (size_t r = 0; r < result_count; r++)
      copy_past_caches((float *)results[r] + start + done, (const float *)source + start + done, length);
  }
#if defined(__x86_64__)
  // Such stores are not ordered with what follows, such as the word that others wait for.
  __builtin_ia32_sfence();
#endif
}

EVERY_PROCESSOR bool floats_replace(float *floats, size_t length, const int64_t *places, const float *values, size_t count) {
  bool inside = true;
  for (size_t i = 0; i < count; i++) inside &= (uint64_t)places[i] < length;
  if (!inside) return false;
  for (size_t i = 0; i < count; i++) floats[places[i]] = values[i];
  return true;
}
