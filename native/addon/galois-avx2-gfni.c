/* 32 bytes a step: the multiplication of galois-avx512.c on processors without AVX-512. */
#if defined(__x86_64__)
#include <immintrin.h>

#include "galois-kernels.h"

#define GF_TARGET __attribute__((target("avx2,gfni")))
#define GF_STEP 32
#define GF_UNROLL(rows) ((rows) <= 2 ? 4 : 2)

typedef __m256i gf_vector;
typedef __m256i gf_source;
typedef __m256i gf_factor;
#define gf_load(at) _mm256_loadu_si256((const __m256i *)(at))
#define gf_store(at, value) _mm256_storeu_si256((__m256i *)(at), value)
#define gf_zero() _mm256_setzero_si256()
#define gf_xor(a, b) _mm256_xor_si256(a, b)
#define gf_or(a, b) _mm256_or_si256(a, b)
#define gf_any(a) (!_mm256_testz_si256(a, a))
#define gf_open(value) (value)
#define gf_factor_at(factors, row) _mm256_set1_epi64x(((const gf_unaligned *)(factors))[row].word)
#define gf_times(source, factor) _mm256_gf2p8affine_epi64_epi8(source, factor, 0)

#define GF_PARTS_BY_COPY
#include "galois-body.h"

GF_KERNEL(4, gf_blocks_avx2_gfni)
#endif
