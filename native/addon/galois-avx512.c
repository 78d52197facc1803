/* 64 bytes a step: one instruction multiplies them by a coefficient, written as an 8 x 8 matrix of bits. */
#if defined(__x86_64__)
#include <immintrin.h>

#include "galois-kernels.h"

#define GF_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,gfni")))
#define GF_STEP 64
#define GF_UNROLL(rows) ((rows) <= 4 ? 4 : (rows) <= 6 ? 3 : 2)

typedef __m512i gf_vector;
typedef __m512i gf_source;
typedef __m512i gf_factor;
#define gf_load(at) _mm512_loadu_si512(at)
#define gf_store(at, value) _mm512_storeu_si512(at, value)
#define gf_load_part(at, count) _mm512_maskz_loadu_epi8(~0ull >> (64 - (count)), at)
#define gf_store_part(at, value, count) _mm512_mask_storeu_epi8(at, ~0ull >> (64 - (count)), value)
#define gf_zero() _mm512_setzero_si512()
#define gf_xor(a, b) _mm512_xor_si512(a, b)
#define gf_or(a, b) _mm512_or_si512(a, b)
#define gf_any(a) (_mm512_test_epi64_mask(a, a) != 0)
#define gf_open(value) (value)
#define gf_factor_at(factors, row) _mm512_set1_epi64(((const gf_unaligned *)(factors))[row].word)
#define gf_times(source, factor) _mm512_gf2p8affine_epi64_epi8(source, factor, 0)

#include "galois-body.h"

GF_KERNEL(8, gf_blocks_avx512)
#endif
