/* What the kernels and their table of contents share. */
#ifndef COUCHESTOR_GALOIS_KERNELS_H
#define COUCHESTOR_GALOIS_KERNELS_H

#include <string.h>

#include "galois.h"

typedef struct __attribute__((packed, may_alias)) {
  long long word;
} gf_unaligned;

#if defined(__x86_64__)
extern gf_block *const gf_blocks_avx512[GF_MODES][GF_BLOCK_ROWS];
extern gf_block *const gf_blocks_avx2_gfni[GF_MODES][GF_BLOCK_ROWS];
extern gf_block *const gf_blocks_avx2[GF_MODES][GF_BLOCK_ROWS];
extern gf_block *const gf_blocks_ssse3[GF_MODES][GF_BLOCK_ROWS];
#endif
#if defined(__aarch64__)
extern gf_block *const gf_blocks_neon[GF_MODES][GF_BLOCK_ROWS];
#endif
extern gf_block *const gf_blocks_portable[GF_MODES][GF_BLOCK_ROWS];

#endif
