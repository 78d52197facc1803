/* Tables of a matrix, the choice of a kernel, and the order in which the blocks of a matrix are worked through. */
#include "galois.h"

#include "cpu.h"
#include "galois-kernels.h"

#define BITS_BYTES 8
#define NIBBLES_BYTES 32

/* A tile of all inputs that stays in the second-level cache while several blocks of rows pass over it. */
#define TILE_BUDGET (256 * 1024)
#define TILE_LEAST 4096

static uint8_t product_of(uint8_t a, uint8_t b) {
  unsigned product = 0;
  for (int bit = 7; bit >= 0; bit--) {
    product = (product << 1) ^ ((product & 0x80) ? 0x11d : 0);
    if ((b >> bit) & 1) product ^= a;
  }
  return (uint8_t)product;
}

/* Multiplication by a constant is linear over bits: byte 7 - i of the matrix selects the bits that bit i of a product sums. */
static void fill_bits(uint8_t *factor, uint8_t coefficient) {
  memset(factor, 0, BITS_BYTES);
  for (int from = 0; from < 8; from++) {
    const unsigned image = product_of(coefficient, (uint8_t)(1 << from));
    for (int to = 0; to < 8; to++) factor[7 - to] |= (uint8_t)(((image >> to) & 1) << from);
  }
}

static void fill_nibbles(uint8_t *factor, uint8_t coefficient) {
  for (int nibble = 0; nibble < 16; nibble++) {
    factor[nibble] = product_of(coefficient, (uint8_t)nibble);
    factor[16 + nibble] = product_of(coefficient, (uint8_t)(nibble << 4));
  }
}

static size_t factor_bytes(const struct gf_kernel *kernel) {
  return kernel->factors == GF_BITS ? BITS_BYTES : NIBBLES_BYTES;
}

size_t gf_tables_size(const struct gf_kernel *kernel, size_t rows, size_t columns) {
  return GF_HEADER + rows * columns * factor_bytes(kernel);
}

void gf_tables_fill(uint8_t *tables, size_t kernel, const uint8_t *coefficients, size_t rows, size_t columns) {
  const uint8_t header[GF_HEADER] = {(uint8_t)kernel, (uint8_t)rows, (uint8_t)columns};
  memcpy(tables, header, GF_HEADER);
  uint8_t *factor = tables + GF_HEADER;
  for (size_t column = 0; column < columns; column++)
    for (size_t row = 0; row < rows; row++, factor += factor_bytes(&gf_kernels[kernel])) {
      const uint8_t coefficient = coefficients[row * columns + column];
      if (gf_kernels[kernel].factors == GF_BITS) fill_bits(factor, coefficient);
      else fill_nibbles(factor, coefficient);
    }
}

void gf_run(enum gf_mode mode, const struct gf_work *work, uint8_t *differs) {
  const struct gf_kernel *kernel = work->kernel;
  const size_t unit = factor_bytes(kernel);
  const size_t stride = work->rows * unit;
  const uint8_t *factors = work->tables + GF_HEADER + work->first_column * stride;

  const size_t blocks = (work->rows + kernel->max_rows - 1) / kernel->max_rows;
  const size_t rows_a_block = (work->rows + blocks - 1) / blocks;
  size_t tile = work->length;
  if (blocks > 1) {
    const size_t share = TILE_BUDGET / work->columns / 64 * 64;
    tile = share < TILE_LEAST ? TILE_LEAST : share;
  }
  if (mode == GF_COMPARE) memset(differs, 0, work->rows);

  for (size_t left = work->length; left > 0;) {
    const size_t length = left < tile ? left : tile;
    for (size_t row = 0; row < work->rows; row += rows_a_block) {
      const size_t rows = work->rows - row < rows_a_block ? work->rows - row : rows_a_block;
      unsigned found = kernel->blocks[mode][rows - 1](factors + row * unit, stride, work->columns,
                                                      work->inputs, work->outputs + row, length);
      for (; found != 0; found &= found - 1) differs[row + (size_t)__builtin_ctz(found)] = 1;
    }
    left -= length;
    for (size_t column = 0; column < work->columns; column++) work->inputs[column] += length;
    for (size_t row = 0; row < work->rows; row++) work->outputs[row] += length;
  }
}

const struct gf_kernel gf_kernels[] = {
#if defined(__x86_64__)
    {"avx512+gfni", CPU_AVX512 | CPU_GFNI, GF_BITS, 8, gf_blocks_avx512},
    {"avx2+gfni", CPU_AVX2 | CPU_GFNI, GF_BITS, 4, gf_blocks_avx2_gfni},
    {"avx2", CPU_AVX2, GF_NIBBLES, 4, gf_blocks_avx2},
    {"ssse3", CPU_SSSE3, GF_NIBBLES, 4, gf_blocks_ssse3},
#endif
#if defined(__aarch64__)
    {"neon", 0, GF_NIBBLES, 4, gf_blocks_neon},
#endif
    {"portable", 0, GF_NIBBLES, 4, gf_blocks_portable},
};
const size_t gf_kernel_count = sizeof gf_kernels / sizeof *gf_kernels;
