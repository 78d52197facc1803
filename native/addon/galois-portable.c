/*
 * 16 bytes a step in portable C: a product is the sum of the coefficient times 2^i over the set bits i of a byte. The
 * compiler makes of it what the baseline of any 64-bit processor has.
 */
#include "galois-kernels.h"

#define GF_TARGET
#define GF_STEP 16
#define GF_UNROLL(rows) 1

typedef uint8_t gf_vector __attribute__((vector_size(16)));
/* For each bit, 0xff in the bytes that have it set. */
typedef struct {
  gf_vector has[8];
} gf_source;
/* The products of 1, 2, 4, ... 128. */
typedef struct {
  uint8_t of[8];
} gf_factor;
#define gf_load(at) load_vector(at)
#define gf_store(at, value) store_vector(at, value)
#define gf_zero() ((gf_vector){0})
#define gf_xor(a, b) ((a) ^ (b))
#define gf_or(a, b) ((a) | (b))
#define gf_any(a) any_set(a)
#define gf_open(value) open_source(value)
#define gf_factor_at(factors, row) load_factor((factors) + (row) * 32)
#define gf_times(source, factor) multiply(source, factor)

static inline gf_vector load_vector(const uint8_t *at) {
  gf_vector value;
  memcpy(&value, at, sizeof value);
  return value;
}

static inline void store_vector(uint8_t *at, gf_vector value) { memcpy(at, &value, sizeof value); }

static inline int any_set(gf_vector value) {
  uint64_t halves[2];
  memcpy(halves, &value, sizeof halves);
  return (halves[0] | halves[1]) != 0;
}

static inline __attribute__((always_inline)) gf_source open_source(gf_vector value) {
  gf_source source;
  for (int bit = 0; bit < 8; bit++) source.has[bit] = (gf_vector)((value & (uint8_t)(1 << bit)) != 0);
  return source;
}

static inline __attribute__((always_inline)) gf_factor load_factor(const uint8_t *nibbles) {
  const gf_factor factor = {{nibbles[1], nibbles[2], nibbles[4], nibbles[8], nibbles[17], nibbles[18], nibbles[20],
                             nibbles[24]}};
  return factor;
}

static inline __attribute__((always_inline)) gf_vector multiply(gf_source source, gf_factor factor) {
  gf_vector sum = {0};
  for (int bit = 0; bit < 8; bit++) sum ^= source.has[bit] & factor.of[bit];
  return sum;
}

#define GF_PARTS_BY_COPY
#include "galois-body.h"

GF_KERNEL(4, gf_blocks_portable)
