/* What this processor can run, as far as the operating system also saves the registers that it needs. */
#ifndef COUCHESTOR_CPU_H
#define COUCHESTOR_CPU_H

enum cpu_feature {
  CPU_SSSE3 = 1 << 0,
  CPU_SSE42_PCLMUL = 1 << 1,
  CPU_AVX2 = 1 << 2,
  CPU_GFNI = 1 << 3,
  CPU_AVX512 = 1 << 4, /* F, BW, DQ and VL */
  CPU_VPCLMUL = 1 << 5,
  CPU_ARM_CRC_PMULL = 1 << 6,
};

/* Whether it has all of these bits; asked once. */
int cpu_has(unsigned features);

#endif
