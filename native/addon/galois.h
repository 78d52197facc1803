/*
 * Products of matrices with rows of bytes over GF(2^8) with the polynomial 0x11D, the field of ISA-L. Every kernel gives
 * the same bytes; they differ in the instructions they need.
 */
#ifndef COUCHESTOR_GALOIS_H
#define COUCHESTOR_GALOIS_H

#include <stddef.h>
#include <stdint.h>

/* The most rows, and the most columns, of a matrix: shards are numbered by a byte. */
#define GF_MAX_SIDE 255
/* The most rows that any kernel works on at once. */
#define GF_BLOCK_ROWS 8

enum gf_mode {
  GF_MULTIPLY,   /* outputs[r] = sum */
  GF_ACCUMULATE, /* outputs[r] ^= sum */
  GF_COMPARE,    /* outputs[r] is only read */
  GF_MODES
};

/*
 * One block of rows over [0, length) of each buffer, which may lie anywhere in memory. The factors of column c begin at
 * factors + c * stride, one a row. Returns a bit for each row that differs (GF_COMPARE), else 0.
 */
typedef unsigned gf_block(const uint8_t *factors, size_t stride, size_t columns, const uint8_t *const *inputs,
                          uint8_t *const *outputs, size_t length);

/* The form of a coefficient: an 8 x 8 matrix of bits, or its products with 0..15 and with 0x00..0xf0. */
enum gf_factors { GF_BITS, GF_NIBBLES };

struct gf_kernel {
  const char *name;
  /* What the processor, and the operating system, must support: bits of cpu.h. */
  unsigned needs;
  enum gf_factors factors;
  /* The most rows of a block. */
  unsigned max_rows;
  /* blocks[mode][rows - 1] */
  gf_block *const (*blocks)[GF_BLOCK_ROWS];
};

/* Fastest first; the last runs everywhere. */
extern const struct gf_kernel gf_kernels[];
extern const size_t gf_kernel_count;

/*
 * Tables: what a kernel multiplies with, and nothing else, so that they may be kept by whoever asked for them. They begin
 * with a header of GF_HEADER bytes; the factors follow column by column, those of one column side by side.
 *
 *   | kernel | rows | columns | 0 x 5 | factor of row 0, column 0 | row 1, column 0 | ...
 */
#define GF_HEADER 8

/* Bytes of the tables of a matrix. */
size_t gf_tables_size(const struct gf_kernel *kernel, size_t rows, size_t columns);

/* coefficients: rows x columns bytes, row by row; both at least 1. tables: gf_tables_size() bytes. */
void gf_tables_fill(uint8_t *tables, size_t kernel, const uint8_t *coefficients, size_t rows, size_t columns);

struct gf_work {
  const struct gf_kernel *kernel;
  const uint8_t *tables;
  size_t rows;
  /* Only the columns [first_column, first_column + columns) are multiplied; inputs[0] belongs to the first of them. */
  size_t first_column;
  size_t columns;
  /* At the first byte of the window each. */
  const uint8_t **inputs;
  uint8_t **outputs;
  size_t length;
};

/* Moves the pointers of `work` on. differs: a byte a row, of GF_COMPARE only. */
void gf_run(enum gf_mode mode, const struct gf_work *work, uint8_t *differs);

#endif
