/* 32 bytes a step: the products of both halves of a byte are looked up in tables of 16. */
#if defined(__x86_64__)
#include <immintrin.h>

#include "galois-kernels.h"

#define GF_TARGET __attribute__((target("avx2")))
#define GF_STEP 32
#define GF_UNROLL(rows) 2

typedef __m256i gf_vector;
typedef struct {
  __m256i low, high;
} gf_source, gf_factor;
#define gf_load(at) _mm256_loadu_si256((const __m256i *)(at))
#define gf_store(at, value) _mm256_storeu_si256((__m256i *)(at), value)
#define gf_zero() _mm256_setzero_si256()
#define gf_xor(a, b) _mm256_xor_si256(a, b)
#define gf_or(a, b) _mm256_or_si256(a, b)
#define gf_any(a) (!_mm256_testz_si256(a, a))
#define gf_open(value) open_source(value)
#define gf_factor_at(factors, row) load_factor((factors) + (row) * 32)
#define gf_times(source, factor)                                                                                       \
  _mm256_xor_si256(_mm256_shuffle_epi8((factor).low, (source).low), _mm256_shuffle_epi8((factor).high, (source).high))

static inline __attribute__((always_inline)) GF_TARGET gf_source open_source(__m256i value) {
  const __m256i mask = _mm256_set1_epi8(15);
  const gf_source source = {_mm256_and_si256(value, mask), _mm256_and_si256(_mm256_srli_epi64(value, 4), mask)};
  return source;
}

static inline __attribute__((always_inline)) GF_TARGET gf_factor load_factor(const uint8_t *at) {
  const gf_factor factor = {_mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)at)),
                            _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(at + 16)))};
  return factor;
}

#define GF_PARTS_BY_COPY
#include "galois-body.h"

GF_KERNEL(4, gf_blocks_avx2)
#endif
