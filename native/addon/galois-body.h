/*
 * The loops that every kernel shares; included once by each of them, after it has defined
 *   GF_TARGET            the attribute that allows its instructions
 *   GF_STEP              bytes of a gf_vector
 *   GF_UNROLL(rows)      how many vectors of each input are worked on at once, so that the sums fit the registers
 *   gf_vector, gf_source (an input made ready), gf_factor
 *   gf_load, gf_store, gf_zero, gf_xor, gf_or, gf_any, gf_open, gf_factor_at, gf_times
 *   gf_load_part, gf_store_part, or GF_PARTS_BY_COPY
 * The number of rows and the mode are constants wherever the body is inlined: sums live in registers.
 */
#define GF_INLINE static inline __attribute__((always_inline)) GF_TARGET

#ifdef GF_PARTS_BY_COPY
/* Without masked loads the end of a window, shorter than a vector, goes through the stack. */
GF_INLINE gf_vector gf_load_part(const uint8_t *at, size_t count) {
  uint8_t part[GF_STEP] __attribute__((aligned(GF_STEP))) = {0};
  memcpy(part, at, count);
  return gf_load(part);
}

GF_INLINE void gf_store_part(uint8_t *at, gf_vector value, size_t count) {
  uint8_t part[GF_STEP] __attribute__((aligned(GF_STEP)));
  gf_store(part, value);
  memcpy(at, part, count);
}
#endif

GF_INLINE unsigned gf_span(const int rows, const int unroll, const enum gf_mode mode, const int part,
                           const uint8_t *factors, size_t stride, size_t columns, const uint8_t *const *inputs,
                           uint8_t *const *outputs, size_t at, size_t count) {
  gf_vector sums[GF_BLOCK_ROWS][8];
  for (int r = 0; r < rows; r++)
    for (int u = 0; u < unroll; u++) {
      if (mode != GF_ACCUMULATE) sums[r][u] = gf_zero();
      else if (part) sums[r][u] = gf_load_part(outputs[r] + at, count);
      else sums[r][u] = gf_load(outputs[r] + at + u * GF_STEP);
    }
  for (size_t c = 0; c < columns; c++, factors += stride) {
    const uint8_t *input = inputs[c] + at;
    gf_source sources[8];
    for (int u = 0; u < unroll; u++)
      sources[u] = gf_open(part ? gf_load_part(input, count) : gf_load(input + u * GF_STEP));
    for (int r = 0; r < rows; r++) {
      const gf_factor factor = gf_factor_at(factors, r);
      for (int u = 0; u < unroll; u++) sums[r][u] = gf_xor(sums[r][u], gf_times(sources[u], factor));
    }
  }
  unsigned differs = 0;
  for (int r = 0; r < rows; r++) {
    gf_vector difference = gf_zero();
    for (int u = 0; u < unroll; u++) {
      uint8_t *output = outputs[r] + at + u * GF_STEP;
      if (mode == GF_COMPARE)
        difference = gf_or(difference, gf_xor(sums[r][u], part ? gf_load_part(output, count) : gf_load(output)));
      else if (part) gf_store_part(output, sums[r][u], count);
      else gf_store(output, sums[r][u]);
    }
    if (mode == GF_COMPARE) differs |= (unsigned)gf_any(difference) << r;
  }
  return differs;
}

GF_INLINE unsigned gf_body(const int rows, const enum gf_mode mode, const uint8_t *factors, size_t stride,
                           size_t columns, const uint8_t *const *inputs, uint8_t *const *outputs, size_t length) {
  const int unroll = GF_UNROLL(rows);
  unsigned differs = 0;
  size_t at = 0;
  for (; length - at >= (size_t)unroll * GF_STEP; at += (size_t)unroll * GF_STEP)
    differs |= gf_span(rows, unroll, mode, 0, factors, stride, columns, inputs, outputs, at, 0);
  for (; length - at >= GF_STEP; at += GF_STEP)
    differs |= gf_span(rows, 1, mode, 0, factors, stride, columns, inputs, outputs, at, 0);
  if (at < length)
    differs |= gf_span(rows, 1, mode, 1, factors, stride, columns, inputs, outputs, at, length - at);
  return differs;
}

#define GF_BLOCK(rows, mode)                                                                                           \
  static GF_TARGET unsigned gf_block_##mode##_##rows(const uint8_t *factors, size_t stride, size_t columns,            \
                                                     const uint8_t *const *inputs, uint8_t *const *outputs,            \
                                                     size_t length) {                                                  \
    return gf_body(rows, mode, factors, stride, columns, inputs, outputs, length);                                     \
  }
#define GF_BLOCKS_4(mode) GF_BLOCK(1, mode) GF_BLOCK(2, mode) GF_BLOCK(3, mode) GF_BLOCK(4, mode)
#define GF_BLOCKS_8(mode) GF_BLOCKS_4(mode) GF_BLOCK(5, mode) GF_BLOCK(6, mode) GF_BLOCK(7, mode) GF_BLOCK(8, mode)
#define GF_NAMES_4(mode) gf_block_##mode##_1, gf_block_##mode##_2, gf_block_##mode##_3, gf_block_##mode##_4
#define GF_NAMES_8(mode)                                                                                               \
  GF_NAMES_4(mode), gf_block_##mode##_5, gf_block_##mode##_6, gf_block_##mode##_7, gf_block_##mode##_8

/* The table of a kernel whose blocks have up to so many rows. */
#define GF_KERNEL(rows, name)                                                                                          \
  GF_BLOCKS_##rows(GF_MULTIPLY) GF_BLOCKS_##rows(GF_ACCUMULATE) GF_BLOCKS_##rows(GF_COMPARE)                           \
  gf_block *const name[GF_MODES][GF_BLOCK_ROWS] = {                                                                    \
      {GF_NAMES_##rows(GF_MULTIPLY)}, {GF_NAMES_##rows(GF_ACCUMULATE)}, {GF_NAMES_##rows(GF_COMPARE)}};
