/* 16 bytes a step: the tables of galois-avx2.c with the instructions of every x86-64 since 2006. */
#if defined(__x86_64__)
#include <immintrin.h>

#include "galois-kernels.h"

#define GF_TARGET __attribute__((target("ssse3")))
#define GF_STEP 16
#define GF_UNROLL(rows) 2

typedef __m128i gf_vector;
typedef struct {
  __m128i low, high;
} gf_source, gf_factor;
#define gf_load(at) _mm_loadu_si128((const __m128i *)(at))
#define gf_store(at, value) _mm_storeu_si128((__m128i *)(at), value)
#define gf_zero() _mm_setzero_si128()
#define gf_xor(a, b) _mm_xor_si128(a, b)
#define gf_or(a, b) _mm_or_si128(a, b)
#define gf_any(a) (_mm_movemask_epi8(_mm_cmpeq_epi8(a, _mm_setzero_si128())) != 0xffff)
#define gf_open(value) open_source(value)
#define gf_factor_at(factors, row) load_factor((factors) + (row) * 32)
#define gf_times(source, factor)                                                                                       \
  _mm_xor_si128(_mm_shuffle_epi8((factor).low, (source).low), _mm_shuffle_epi8((factor).high, (source).high))

static inline __attribute__((always_inline)) GF_TARGET gf_source open_source(__m128i value) {
  const __m128i mask = _mm_set1_epi8(15);
  const gf_source source = {_mm_and_si128(value, mask), _mm_and_si128(_mm_srli_epi64(value, 4), mask)};
  return source;
}

static inline __attribute__((always_inline)) GF_TARGET gf_factor load_factor(const uint8_t *at) {
  const gf_factor factor = {_mm_loadu_si128((const __m128i *)at), _mm_loadu_si128((const __m128i *)(at + 16))};
  return factor;
}

#define GF_PARTS_BY_COPY
#include "galois-body.h"

GF_KERNEL(4, gf_blocks_ssse3)
#endif
