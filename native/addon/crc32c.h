/* CRC-32C (Castagnoli; reflected polynomial 0x82F63B78), as of RFC 3720: `crc` is 0 at first, then what the last call gave. */
#ifndef COUCHESTOR_CRC32C_H
#define COUCHESTOR_CRC32C_H

#include <stddef.h>
#include <stdint.h>

typedef uint32_t crc_function(uint32_t crc, const uint8_t *bytes, size_t length);

struct crc_kernel {
  const char *name;
  /* Bits of cpu.h. */
  unsigned needs;
  crc_function *run;
};

/* Fastest first; the last runs everywhere. */
extern const struct crc_kernel crc_kernels[];
extern const size_t crc_kernel_count;

/* Fills the tables, once however often it is called; before any kernel runs. */
void crc_prepare(void);

#endif
