/*
 * Files mapped into memory, with offsets and sizes of 64 bits. A file that another process shortens loses its pages: touching
 * one raises SIGBUS. Bytes are therefore only copied, under a guard that turns the signal into a result.
 */
#ifndef COUCHESTOR_MAPPING_H
#define COUCHESTOR_MAPPING_H

#include <stddef.h>
#include <stdint.h>

struct mapping {
  /* Whole pages, as mmap has them; NULL after mapping_close. */
  uint8_t *region;
  size_t region_length;
  /* The first byte that was asked for. */
  uint8_t *bytes;
  size_t length;
  int writable;
};

/* What a call to the operating system met: `error` is an errno, 0 when all went well. */
struct mapping_result {
  const char *operation;
  int error;
};

/* The file must be a regular one and reach to offset + length, which is not 0: else EINVAL, ENODEV or ERANGE. */
struct mapping_result mapping_open(struct mapping *mapping, int file, uint64_t offset, uint64_t length, int writable);

/* Does nothing the second time. */
void mapping_close(struct mapping *mapping);

enum mapping_copy { MAPPING_READ, MAPPING_WRITE };

/*
 * Copies between the mapping at `offset`, which the caller has checked, and `buffer`. Returns 0 when a page of the file is
 * gone or cannot be read; part of the bytes may have been copied then.
 */
int mapping_copy(const struct mapping *mapping, enum mapping_copy direction, size_t offset, uint8_t *buffer,
                 size_t length);

/* normal, random, sequential, willNeed, dontNeed */
#define MAPPING_ADVICES 5

struct mapping_result mapping_advise(const struct mapping *mapping, unsigned advice, size_t offset, size_t length);

/* Waits until the bytes are on the disk. */
struct mapping_result mapping_sync(const struct mapping *mapping, size_t offset, size_t length);

#endif
