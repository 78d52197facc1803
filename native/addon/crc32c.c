/*
 * Three ways to the same checksum: folding 256 bytes at a time by carry-less multiplication; three interleaved streams of
 * the crc32 instruction, which x86 and ARM have, joined by carry-less multiplication; and tables.
 *
 * Polynomials are reflected: the highest bit of a word is the coefficient of x^0. A fold replaces bits that lie D bits
 * ahead by the bits' product with x^D mod P. A product of two reflected words comes out multiplied by x once more, and a
 * 32-bit constant in a 64-bit word stands x^32 too high: hence the 31 and 33 below.
 */
#include "crc32c.h"

#include <pthread.h>
#include <string.h>

#include "cpu.h"

#define POLYNOMIAL 0x82f63b78u

static uint32_t bytewise[8][256];

static uint32_t times_x(uint32_t a) { return (a >> 1) ^ ((a & 1) ? POLYNOMIAL : 0); }

static void prepare_tables(void) {
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; bit++) crc = times_x(crc);
    bytewise[0][byte] = crc;
  }
  for (int ahead = 1; ahead < 8; ahead++)
    for (int byte = 0; byte < 256; byte++) {
      const uint32_t crc = bytewise[ahead - 1][byte];
      bytewise[ahead][byte] = (crc >> 8) ^ bytewise[0][crc & 0xff];
    }
}

static uint32_t crc_portable(uint32_t crc, const uint8_t *bytes, size_t length) {
  crc = ~crc;
  for (; length >= 8; length -= 8, bytes += 8) {
    const uint32_t low = crc ^ ((uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                                (uint32_t)bytes[3] << 24);
    crc = bytewise[7][low & 0xff] ^ bytewise[6][(low >> 8) & 0xff] ^ bytewise[5][(low >> 16) & 0xff] ^
          bytewise[4][low >> 24] ^ bytewise[3][bytes[4]] ^ bytewise[2][bytes[5]] ^ bytewise[1][bytes[6]] ^
          bytewise[0][bytes[7]];
  }
  for (; length > 0; length--) crc = (crc >> 8) ^ bytewise[0][(crc ^ *bytes++) & 0xff];
  return ~crc;
}

/* The instructions that both the interleaved way and the ends of the folded one need. */
#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET_CRC __attribute__((target("sse4.2,pclmul")))
#define TARGET_WIDE __attribute__((target("sse4.2,pclmul,avx512f,avx512bw,avx512vl,avx512dq,vpclmulqdq")))
#define crc_of_8(state, word) _mm_crc32_u64(state, word)
#define crc_of_1(state, byte) _mm_crc32_u8((uint32_t)(state), byte)
#define carryless(a, b)                                                                                                \
  (uint64_t)_mm_cvtsi128_si64(                                                                                         \
      _mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)(a)), _mm_cvtsi64_si128((long long)(b)), 0))
#elif defined(__aarch64__)
#include <arm_acle.h>
#include <arm_neon.h>

#define TARGET_CRC __attribute__((target("+crc+crypto")))
#define crc_of_8(state, word) (uint64_t)__crc32cd((uint32_t)(state), word)
#define crc_of_1(state, byte) __crc32cb((uint32_t)(state), byte)
#define carryless(a, b) vgetq_lane_u64(vreinterpretq_u64_p128(vmull_p64(a, b)), 0)
#endif

#if defined(TARGET_CRC)
/* x^n mod P */
static uint32_t power_of_x(unsigned n) {
  uint32_t power = 0x80000000u;
  while (n-- > 0) power = times_x(power);
  return power;
}

/* The streams of the interleaved way: long ones, then short ones for what is left. */
#define LONG_STREAM 1360
#define SHORT_STREAM 168
static uint64_t skip_long[2], skip_short[2];

static void prepare_skips(void) {
  for (unsigned streams = 1; streams <= 2; streams++) {
    skip_long[streams - 1] = power_of_x(streams * LONG_STREAM * 8 - 33);
    skip_short[streams - 1] = power_of_x(streams * SHORT_STREAM * 8 - 33);
  }
}

static inline __attribute__((always_inline)) uint64_t word_at(const uint8_t *bytes) {
  uint64_t word;
  memcpy(&word, bytes, sizeof word);
  return word;
}

/* `state` is the complement of a checksum, as the instruction keeps it. */
static inline __attribute__((always_inline)) TARGET_CRC uint64_t crc_end(uint64_t state, const uint8_t *bytes,
                                                                         size_t length) {
  for (; length >= 8; length -= 8, bytes += 8) state = crc_of_8(state, word_at(bytes));
  for (; length > 0; length--) state = crc_of_1(state, *bytes++);
  return state;
}

static inline __attribute__((always_inline)) TARGET_CRC uint64_t three_streams(uint64_t state, const uint8_t *bytes,
                                                                               size_t stream, const uint64_t *skip) {
  uint64_t second = 0, third = 0;
  const uint8_t *end = bytes + stream - 8;
  for (; bytes < end; bytes += 8) {
    state = crc_of_8(state, word_at(bytes));
    second = crc_of_8(second, word_at(bytes + stream));
    third = crc_of_8(third, word_at(bytes + 2 * stream));
  }
  /* The earlier streams are moved to the last word of the third and go through the instruction with it. */
  state = crc_of_8(state, word_at(bytes));
  second = crc_of_8(second, word_at(bytes + stream));
  return crc_of_8(third, word_at(bytes + 2 * stream) ^ carryless(state, skip[1]) ^ carryless(second, skip[0]));
}

static TARGET_CRC uint32_t crc_interleaved(uint32_t crc, const uint8_t *bytes, size_t length) {
  uint64_t state = (uint32_t)~crc;
  for (; length >= 3 * LONG_STREAM; length -= 3 * LONG_STREAM, bytes += 3 * LONG_STREAM)
    state = three_streams(state, bytes, LONG_STREAM, skip_long);
  for (; length >= 3 * SHORT_STREAM; length -= 3 * SHORT_STREAM, bytes += 3 * SHORT_STREAM)
    state = three_streams(state, bytes, SHORT_STREAM, skip_short);
  return ~(uint32_t)crc_end(state, bytes, length);
}
#endif

#if defined(TARGET_WIDE)
/* The two multipliers that move 128 bits ahead by `bits`: for the earlier half, which stands 64 bits higher, and the later. */
struct fold {
  uint64_t earlier, later;
};
static struct fold fold_128, fold_512, fold_2048;

static struct fold fold_by(unsigned bits) {
  const struct fold fold = {power_of_x(bits + 31), power_of_x(bits - 33)};
  return fold;
}

static void prepare_folds(void) {
  fold_128 = fold_by(128);
  fold_512 = fold_by(512);
  fold_2048 = fold_by(2048);
}

#define WIDE static inline __attribute__((always_inline)) TARGET_WIDE

WIDE __m512i wide_multipliers(struct fold fold) {
  return _mm512_broadcast_i32x4(_mm_set_epi64x((long long)fold.later, (long long)fold.earlier));
}

WIDE __m512i wide_fold(__m512i sum, __m512i multipliers, __m512i next) {
  return _mm512_ternarylogic_epi64(_mm512_clmulepi64_epi128(sum, multipliers, 0x00),
                                   _mm512_clmulepi64_epi128(sum, multipliers, 0x11), next, 0x96);
}

WIDE __m128i narrow_fold(__m128i sum, __m128i multipliers, __m128i next) {
  const __m128i earlier = _mm_clmulepi64_si128(sum, multipliers, 0x00);
  return _mm_xor_si128(_mm_xor_si128(earlier, _mm_clmulepi64_si128(sum, multipliers, 0x11)), next);
}

static TARGET_WIDE uint32_t crc_folded(uint32_t crc, const uint8_t *bytes, size_t length) {
  if (length < 256) return crc_interleaved(crc, bytes, length);
  __m512i sums[4];
  for (int i = 0; i < 4; i++) sums[i] = _mm512_loadu_si512(bytes + 64 * i);
  sums[0] = _mm512_xor_si512(sums[0], _mm512_zextsi128_si512(_mm_cvtsi32_si128((int)~crc)));
  bytes += 256;
  length -= 256;
  const __m512i by_2048 = wide_multipliers(fold_2048);
  for (; length >= 256; length -= 256, bytes += 256)
    for (int i = 0; i < 4; i++) sums[i] = wide_fold(sums[i], by_2048, _mm512_loadu_si512(bytes + 64 * i));
  const __m512i by_512 = wide_multipliers(fold_512);
  __m512i sum = sums[0];
  for (int i = 1; i < 4; i++) sum = wide_fold(sum, by_512, sums[i]);
  for (; length >= 64; length -= 64, bytes += 64) sum = wide_fold(sum, by_512, _mm512_loadu_si512(bytes));
  const __m128i by_128 = _mm_set_epi64x((long long)fold_128.later, (long long)fold_128.earlier);
  __m128i last = _mm512_extracti32x4_epi32(sum, 0);
  last = narrow_fold(last, by_128, _mm512_extracti32x4_epi32(sum, 1));
  last = narrow_fold(last, by_128, _mm512_extracti32x4_epi32(sum, 2));
  last = narrow_fold(last, by_128, _mm512_extracti32x4_epi32(sum, 3));
  for (; length >= 16; length -= 16, bytes += 16)
    last = narrow_fold(last, by_128, _mm_loadu_si128((const __m128i *)bytes));
  uint64_t state = crc_of_8(0, (uint64_t)_mm_extract_epi64(last, 0));
  state = crc_of_8(state, (uint64_t)_mm_extract_epi64(last, 1));
  return ~(uint32_t)crc_end(state, bytes, length);
}
#endif

static void prepare(void) {
  prepare_tables();
#if defined(TARGET_CRC)
  prepare_skips();
#endif
#if defined(TARGET_WIDE)
  prepare_folds();
#endif
}

void crc_prepare(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, prepare);
}

const struct crc_kernel crc_kernels[] = {
#if defined(__x86_64__)
    {"avx512+vpclmulqdq", CPU_AVX512 | CPU_VPCLMUL | CPU_SSE42_PCLMUL, crc_folded},
    {"sse4.2+pclmulqdq", CPU_SSE42_PCLMUL, crc_interleaved},
#elif defined(__aarch64__)
    {"crc32+pmull", CPU_ARM_CRC_PMULL, crc_interleaved},
#endif
    {"portable", 0, crc_portable},
};
const size_t crc_kernel_count = sizeof crc_kernels / sizeof *crc_kernels;
