#include "CCRC32C.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define WITH_CRC __attribute__((target("sse4.2")))
#define CRC_BYTE(crc, byte) _mm_crc32_u8((uint32_t)(crc), (byte))
#define CRC_WORD(crc, word) _mm_crc32_u64((crc), (word))
#elif defined(__aarch64__) && defined(__linux__)
#include <arm_acle.h>
#include <sys/auxv.h>
#define WITH_CRC __attribute__((target("+crc")))
#define CRC_BYTE(crc, byte) __crc32cb((uint32_t)(crc), (byte))
#define CRC_WORD(crc, word) __crc32cd((uint32_t)(crc), (word))
#ifndef HWCAP_CRC32
#define HWCAP_CRC32 (1 << 7)
#endif
#endif

// The polynomial with its bits reversed, as CRC-32C takes the low bit of a byte first.
#define POLYNOMIAL 0x82F63B78u

// One stream of CRC instructions waits for itself (3 cycles of latency, 1 of throughput), so three lanes run at once.
enum { LANE = 1024 };

typedef uint32_t (*kernel_function)(uint32_t, const uint8_t *, size_t);

static uint32_t byte_table[8][256];  // [k][v]: the effect of byte v with k zero bytes after it
static uint32_t lane_table[4][256];  // [k][v]: byte k of a CRC, moved past LANE zero bytes
static kernel_function kernel;

static uint64_t load_word(const uint8_t *bytes) {
  uint64_t word;
  memcpy(&word, bytes, sizeof word);
  return word;
}

static uint32_t portable_bytes(uint32_t crc, const uint8_t *bytes, size_t length) {
  for (size_t i = 0; i < length; i++) crc = byte_table[0][(crc ^ bytes[i]) & 0xFF] ^ (crc >> 8);
  return crc;
}

static uint32_t portable(uint32_t crc, const uint8_t *bytes, size_t length) {
  for (; length >= 8; bytes += 8, length -= 8) {
    uint32_t next = 0;
    for (int i = 0; i < 8; i++) {
      uint8_t carried = i < 4 ? (uint8_t)(crc >> (8 * i)) : 0;
      next ^= byte_table[7 - i][bytes[i] ^ carried];
    }
    crc = next;
  }
  return portable_bytes(crc, bytes, length);
}

#ifdef WITH_CRC
static uint32_t past_lane(uint32_t crc) {
  return lane_table[0][crc & 0xFF] ^ lane_table[1][(crc >> 8) & 0xFF] ^ lane_table[2][(crc >> 16) & 0xFF] ^
         lane_table[3][crc >> 24];
}

WITH_CRC static uint32_t three_lanes(uint32_t crc, const uint8_t *bytes) {
  uint64_t first = crc, second = 0, third = 0;
  for (size_t i = 0; i < LANE; i += 8) {
    first = CRC_WORD(first, load_word(bytes + i));
    second = CRC_WORD(second, load_word(bytes + LANE + i));
    third = CRC_WORD(third, load_word(bytes + 2 * LANE + i));
  }
  return past_lane(past_lane((uint32_t)first) ^ (uint32_t)second) ^ (uint32_t)third;
}

WITH_CRC static uint32_t hardware(uint32_t crc, const uint8_t *bytes, size_t length) {
  for (; length >= 3 * LANE; bytes += 3 * LANE, length -= 3 * LANE) crc = three_lanes(crc, bytes);
  uint64_t wide = crc;
  for (; length >= 8; bytes += 8, length -= 8) wide = CRC_WORD(wide, load_word(bytes));
  for (; length > 0; bytes++, length--) wide = CRC_BYTE(wide, *bytes);
  return (uint32_t)wide;
}

#if defined(__x86_64__)
#define WITH_WIDE __attribute__((target("avx512f,vpclmulqdq,sse4.2")))

// Four registers of 64 bytes run at once.
enum { WIDE = 256 };

static uint64_t wide_factors[2];  // x to the power of WIDE bytes plus and minus 32 bits, mod the polynomial

// Moves four 16-byte remainders WIDE bytes on and adds the bytes there (Gopal et al., Intel 2009: folding).
WITH_WIDE static __m512i folded(__m512i remainder, __m512i factors, const uint8_t *bytes) {
  __m512i low = _mm512_clmulepi64_epi128(remainder, factors, 0x00);
  __m512i high = _mm512_clmulepi64_epi128(remainder, factors, 0x11);
  return _mm512_ternarylogic_epi64(low, high, _mm512_loadu_si512(bytes), 0x96);
}

WITH_WIDE static uint32_t wide(uint32_t crc, const uint8_t *bytes, size_t length) {
  if (length < 2 * WIDE) return hardware(crc, bytes, length);
  const __m512i factors =
      _mm512_broadcast_i32x4(_mm_set_epi64x((long long)wide_factors[1], (long long)wide_factors[0]));
  __m512i a = _mm512_xor_si512(_mm512_loadu_si512(bytes), _mm512_zextsi128_si512(_mm_cvtsi32_si128((int)crc)));
  __m512i b = _mm512_loadu_si512(bytes + 64);
  __m512i c = _mm512_loadu_si512(bytes + 128);
  __m512i d = _mm512_loadu_si512(bytes + 192);
  for (bytes += WIDE, length -= WIDE; length >= WIDE; bytes += WIDE, length -= WIDE) {
    a = folded(a, factors, bytes);
    b = folded(b, factors, bytes + 64);
    c = folded(c, factors, bytes + 128);
    d = folded(d, factors, bytes + 192);
  }
  // What is left stands for all bytes so far: its CRC is theirs.
  uint8_t remainders[WIDE];
  _mm512_storeu_si512(remainders, a);
  _mm512_storeu_si512(remainders + 64, b);
  _mm512_storeu_si512(remainders + 128, c);
  _mm512_storeu_si512(remainders + 192, d);
  return hardware(hardware(0, remainders, WIDE), bytes, length);
}

// x to a power, mod the polynomial, with its bits reversed as everything here.
static uint64_t power_of_x(int exponent) {
  uint32_t power = 0x80000000u;
  for (int i = 0; i < exponent; i++) power = (power >> 1) ^ ((power & 1) ? POLYNOMIAL : 0);
  return (uint64_t)power << 1;
}

static int has_wide_instructions(void) {
  wide_factors[0] = power_of_x(8 * WIDE + 32);
  wide_factors[1] = power_of_x(8 * WIDE - 32);
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("vpclmulqdq");
}
#endif

static int has_crc_instructions(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("sse4.2");
#else
  return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
#endif
}
#endif

static void fill_byte_table(void) {
  for (uint32_t value = 0; value < 256; value++) {
    uint32_t crc = value;
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) ? POLYNOMIAL : 0);
    byte_table[0][value] = crc;
  }
  for (int k = 1; k < 8; k++)
    for (int value = 0; value < 256; value++) {
      uint32_t before = byte_table[k - 1][value];
      byte_table[k][value] = byte_table[0][before & 0xFF] ^ (before >> 8);
    }
}

// A CRC is linear, so moving each of its 32 bits past the zeros once gives the move of every value.
static void fill_lane_table(void) {
  static const uint8_t zeros[LANE];
  uint32_t moved[32];
  for (int bit = 0; bit < 32; bit++) moved[bit] = portable(1u << bit, zeros, LANE);
  for (int k = 0; k < 4; k++)
    for (int value = 0; value < 256; value++)
      for (int bit = 0; bit < 8; bit++)
        if (value & (1 << bit)) lane_table[k][value] ^= moved[8 * k + bit];
}

// Runs before main, so no caller can see half-filled tables.
__attribute__((constructor)) static void choose_kernel(void) {
  fill_byte_table();
  fill_lane_table();
  kernel = portable;
#ifdef WITH_CRC
  if (has_crc_instructions()) kernel = hardware;
#if defined(__x86_64__)
  if (kernel == hardware && has_wide_instructions()) kernel = wide;
#endif
#endif
}

uint32_t ccrc32c(uint32_t crc, const void *bytes, size_t length) { return ~kernel(~crc, bytes, length); }

uint32_t ccrc32c_portable(uint32_t crc, const void *bytes, size_t length) { return ~portable(~crc, bytes, length); }
