/* 16 bytes a step: the tables of galois-avx2.c with the instructions of every 64-bit ARM. */
#if defined(__aarch64__)
#include <arm_neon.h>

#include "galois-kernels.h"

#define GF_TARGET
#define GF_STEP 16
#define GF_UNROLL(rows) ((rows) <= 2 ? 4 : 2)

typedef uint8x16_t gf_vector;
typedef struct {
  uint8x16_t low, high;
} gf_source, gf_factor;
#define gf_load(at) vld1q_u8(at)
#define gf_store(at, value) vst1q_u8(at, value)
#define gf_zero() vdupq_n_u8(0)
#define gf_xor(a, b) veorq_u8(a, b)
#define gf_or(a, b) vorrq_u8(a, b)
#define gf_any(a) (vmaxvq_u8(a) != 0)
#define gf_open(value) open_source(value)
#define gf_factor_at(factors, row) load_factor((factors) + (row) * 32)
#define gf_times(source, factor)                                                                                       \
  veorq_u8(vqtbl1q_u8((factor).low, (source).low), vqtbl1q_u8((factor).high, (source).high))

static inline __attribute__((always_inline)) gf_source open_source(uint8x16_t value) {
  const gf_source source = {vandq_u8(value, vdupq_n_u8(15)), vshrq_n_u8(value, 4)};
  return source;
}

static inline __attribute__((always_inline)) gf_factor load_factor(const uint8_t *at) {
  const gf_factor factor = {vld1q_u8(at), vld1q_u8(at + 16)};
  return factor;
}

#define GF_PARTS_BY_COPY
#include "galois-body.h"

GF_KERNEL(4, gf_blocks_neon)
#endif
