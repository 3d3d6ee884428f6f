// Replaces values by table: 256 entries as sixteen rows of sixteen, which a vector instruction looks up one
// row at a time.
#pragma once

#if CI_VECTOR_BYTES

enum { LANE = 16, LANES = CI_VECTOR_BYTES / LANE, HALF = 128 / LANE };

typedef uint8_t lanes __attribute__((vector_size(CI_VECTOR_BYTES), aligned(1)));
typedef int8_t signed_lanes __attribute__((vector_size(CI_VECTOR_BYTES), aligned(1)));

/// Looks up, in each lane, the bytes of `table` that the low four bits of `indices` name; 0 where the highest
/// bit is set.
CI_INLINE lanes pick(lanes table, lanes indices) {
#if CI_VECTOR_BYTES == 64
  return (lanes)_mm512_shuffle_epi8((__m512i)table, (__m512i)indices);
#else
  return (lanes)_mm256_shuffle_epi8((__m256i)table, (__m256i)indices);
#endif
}

CI_INLINE lanes in_all_lanes(const uint8_t *sixteen) {
  lanes repeated;
  CI_UNROLL for (int i = 0; i < LANES; i++) memcpy((uint8_t *)&repeated + i * LANE, sixteen, LANE);
  return repeated;
}

/// Each row of a table XORed with the row before it, within each half of the table, repeated in all lanes.
struct tone_rows {
  lanes step[2 * HALF];
};

static void make_rows(const uint8_t *tones, struct tone_rows *rows) {
  for (int row = 0; row < 2 * HALF; row++) {
    uint8_t step[LANE];
    for (int i = 0; i < LANE; i++) step[i] = tones[row * LANE + i] ^ (row % HALF ? tones[(row - 1) * LANE + i] : 0);
    rows->step[row] = in_all_lanes(step);
  }
}

// Looks values up. A value of row 3 matches rows 0 to 3, whose XOR is its entry; an index below 0 matches
// nothing.
CI_INLINE lanes tones_of(lanes values, const struct tone_rows *rows) {
  const signed_lanes none = {0};
  signed_lanes lower = (signed_lanes)values, upper = (signed_lanes)(values ^ 128);
  lanes low = pick(rows->step[0], (lanes)lower), high = pick(rows->step[HALF], (lanes)upper);
  CI_UNROLL for (int row = 1; row < HALF; row++) {
    lower = __builtin_elementwise_sub_sat(lower, none + LANE);
    upper = __builtin_elementwise_sub_sat(upper, none + LANE);
    low ^= pick(rows->step[row], (lanes)lower);
    high ^= pick(rows->step[HALF + row], (lanes)upper);
  }
  return low ^ high;
}

static size_t replace_alike(uint8_t *rgb, size_t bytes, const uint8_t *tones) {
  struct tone_rows rows;
  make_rows(tones, &rows);
  size_t at = 0;
  for (; at + sizeof(lanes) <= bytes; at += sizeof(lanes)) {
    lanes values;
    memcpy(&values, rgb + at, sizeof values);
    values = tones_of(values, &rows);
    memcpy(rgb + at, &values, sizeof values);
  }
  return at;
}

/// How sixteen pixels of three colours become three vectors of one colour each, and back: what each third
/// takes from each.
struct color_turns {
  lanes apart[3][3], together[3][3];
};

static void make_turns(struct color_turns *turns) {
  for (int into = 0; into < 3; into++) {
    for (int from = 0; from < 3; from++) {
      uint8_t apart[LANE], together[LANE];
      for (int i = 0; i < LANE; i++) {
        const int packed = 3 * i + into, single = LANE * into + i;
        apart[i] = packed / LANE == from ? (uint8_t)(packed % LANE) : 255;
        together[i] = single % 3 == from ? (uint8_t)(single / 3) : 255;
      }
      turns->apart[into][from] = in_all_lanes(apart);
      turns->together[into][from] = in_all_lanes(together);
    }
  }
}

CI_INLINE void turn_colors(lanes thirds[3], const lanes turn[3][3]) {
  lanes turned[3];
  CI_UNROLL for (int i = 0; i < 3; i++) {
    turned[i] = pick(thirds[0], turn[i][0]) | pick(thirds[1], turn[i][1]) | pick(thirds[2], turn[i][2]);
  }
  memcpy(thirds, turned, sizeof turned);
}

/// A lane holds the same third of sixteen pixels; the next lane holds that of the following sixteen.
static size_t replace_apart(uint8_t *rgb, size_t bytes, const uint8_t *tones) {
  struct tone_rows rows[3];
  struct color_turns turns;
  for (int i = 0; i < 3; i++) make_rows(tones + 256 * i, rows + i);
  make_turns(&turns);
  size_t at = 0;
  for (; at + 3 * sizeof(lanes) <= bytes; at += 3 * sizeof(lanes)) {
    lanes thirds[3];
    CI_UNROLL for (int i = 0; i < 3 * LANES; i++) {
      memcpy((uint8_t *)(thirds + i % 3) + i / 3 * LANE, rgb + at + LANE * i, LANE);
    }
    turn_colors(thirds, turns.apart);
    CI_UNROLL for (int i = 0; i < 3; i++) thirds[i] = tones_of(thirds[i], rows + i);
    turn_colors(thirds, turns.together);
    CI_UNROLL for (int i = 0; i < 3 * LANES; i++) {
      memcpy(rgb + at + LANE * i, (uint8_t *)(thirds + i % 3) + i / 3 * LANE, LANE);
    }
  }
  return at;
}

static size_t replace_most(uint8_t *rgb, size_t bytes, const uint8_t *tones) {
  const int are_alike = memcmp(tones, tones + 256, 512) == 0;
  return are_alike ? replace_alike(rgb, bytes, tones) : replace_apart(rgb, bytes, tones);
}
#else
// Without such instructions, values are replaced byte by byte.
static size_t replace_most(uint8_t *rgb, size_t bytes, const uint8_t *tones) {
  (void)rgb, (void)bytes, (void)tones;
  return 0;
}
#endif

static void replace_tones(uint8_t *rgb, size_t pixels, const uint8_t *tones) {
  const size_t bytes = 3 * pixels;
  size_t at = replace_most(rgb, bytes, tones);
  // The vectors may have ended within a pixel.
  for (; at % 3 > 0; at++) rgb[at] = tones[at % 3 * 256 + rgb[at]];
  for (; at < bytes; at += 3) {
    rgb[at] = tones[rgb[at]];
    rgb[at + 1] = tones[256 + rgb[at + 1]];
    rgb[at + 2] = tones[512 + rgb[at + 2]];
  }
}
