/*
 * The kernels and the mapping without Node, for sanitizers: every kernel that this processor has against a product made bit by
 * bit, with buffers that end where an unmapped page begins, or begin where one ends, so that one byte too far ends the process.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../addon/cpu.h"
#include "../addon/crc32c.h"
#include "../addon/galois.h"
#include "../addon/mapping.h"

#define ROOM 8192
#define MOST 10

static unsigned state = 1;
static uint8_t random_byte(void) {
  state = state * 1103515245u + 12345u;
  return (uint8_t)(state >> 16);
}

static void fail(const char *what, const char *kernel, size_t length) {
  fprintf(stderr, "driver: %s: %s is wrong at length %zu\n", kernel, what, length);
  exit(1);
}

/* ROOM bytes between two pages that may not be touched. */
static uint8_t *fenced(void) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  uint8_t *region = mmap(NULL, ROOM + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (region == MAP_FAILED || mprotect(region + page, ROOM, PROT_READ | PROT_WRITE) != 0) {
    perror("driver: mmap");
    exit(1);
  }
  return region + page;
}

static uint8_t product_of(uint8_t a, uint8_t b) {
  unsigned product = 0, factor = a;
  for (; b != 0; b >>= 1, factor = (factor << 1) ^ (factor & 0x80 ? 0x11d : 0))
    if (b & 1) product ^= factor;
  return (uint8_t)product;
}

static uint8_t *inputs[MOST], *outputs[MOST];

static void check_galois(size_t kernel, size_t rows, size_t columns, size_t length, int at_end) {
  const char *name = gf_kernels[kernel].name;
  uint8_t coefficients[MOST * MOST], expected[MOST][ROOM], before[MOST][ROOM], differs[MOST];
  uint8_t *starts_in[MOST], *starts_out[MOST];
  for (size_t i = 0; i < rows * columns; i++) coefficients[i] = random_byte();
  for (size_t c = 0; c < columns; c++) {
    starts_in[c] = inputs[c] + (at_end ? ROOM - length : 0);
    for (size_t i = 0; i < length; i++) starts_in[c][i] = random_byte();
  }
  for (size_t r = 0; r < rows; r++) {
    starts_out[r] = outputs[r] + (at_end ? ROOM - length : 0);
    for (size_t i = 0; i < length; i++) {
      before[r][i] = starts_out[r][i] = random_byte();
      expected[r][i] = 0;
      for (size_t c = 0; c < columns; c++) expected[r][i] ^= product_of(coefficients[r * columns + c], starts_in[c][i]);
    }
  }
  uint8_t *tables = malloc(gf_tables_size(&gf_kernels[kernel], rows, columns));
  gf_tables_fill(tables, kernel, coefficients, rows, columns);

  const uint8_t *in[MOST];
  uint8_t *out[MOST];
  struct gf_work work = {&gf_kernels[kernel], tables, rows, 0, columns, in, out, length};
#define RESET() (memcpy(in, starts_in, sizeof in), memcpy(out, starts_out, sizeof out))
  /* One column after the other on top of what was there, then once more: it is all back. */
  for (size_t c = 0; c < columns; c++) {
    RESET();
    in[0] = starts_in[c];
    work.first_column = c;
    work.columns = 1;
    gf_run(GF_ACCUMULATE, &work, NULL);
  }
  for (size_t r = 0; r < rows; r++)
    for (size_t i = 0; i < length; i++)
      if (starts_out[r][i] != (before[r][i] ^ expected[r][i])) fail("accumulate", name, length);
  work.first_column = 0;
  work.columns = columns;
  RESET();
  gf_run(GF_MULTIPLY, &work, NULL);
  for (size_t r = 0; r < rows; r++)
    if (memcmp(starts_out[r], expected[r], length) != 0) fail("multiply", name, length);
  const size_t changed = length == 0 ? rows : random_byte() % rows;
  if (length > 0) starts_out[changed][random_byte() * 256u % length] ^= 1;
  RESET();
  gf_run(GF_COMPARE, &work, differs);
  for (size_t r = 0; r < rows; r++)
    if (differs[r] != (r == changed)) fail("compare", name, length);
  free(tables);
}

static uint32_t crc_by_bit(uint32_t crc, const uint8_t *bytes, size_t length) {
  for (crc = ~crc; length > 0; length--) {
    crc ^= *bytes++;
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (crc & 1 ? 0x82f63b78u : 0);
  }
  return ~crc;
}

static void check_crc(const struct crc_kernel *kernel, size_t length, int at_end) {
  uint8_t *bytes = inputs[0] + (at_end ? ROOM - length : 0);
  for (size_t i = 0; i < length; i++) bytes[i] = random_byte();
  const uint32_t initial = length % 3 == 0 ? 0 : random_byte() * 0x01020304u;
  if (kernel->run(initial, bytes, length) != crc_by_bit(initial, bytes, length)) fail("checksum", kernel->name, length);
}

static void check_mapping(void) {
  char path[] = "/tmp/couchestor-driver-XXXXXX";
  const int file = mkstemp(path);
  uint8_t *buffer = inputs[0];
  struct mapping mapping;
  unlink(path);
  if (file < 0 || ftruncate(file, 4 * ROOM) != 0 || mapping_open(&mapping, file, 100, 3 * ROOM, 1).error != 0) {
    perror("driver: file");
    exit(1);
  }
  memset(buffer, 7, ROOM);
  if (!mapping_copy(&mapping, MAPPING_WRITE, 0, buffer, ROOM)) fail("copy in", "mapping", ROOM);
  memset(buffer, 0, ROOM);
  if (!mapping_copy(&mapping, MAPPING_READ, 0, buffer, ROOM) || buffer[0] != 7 || buffer[ROOM - 1] != 7)
    fail("copy out", "mapping", ROOM);
  if (mapping_sync(&mapping, 1, ROOM).error != 0) fail("sync", "mapping", ROOM);
  for (unsigned advice = 0; advice < MAPPING_ADVICES; advice++)
    if (mapping_advise(&mapping, advice, 1, ROOM).error != 0) fail("advice", "mapping", advice);
  if (ftruncate(file, ROOM) != 0) perror("driver: ftruncate");
  for (int again = 0; again < 3; again++) {
    if (mapping_copy(&mapping, MAPPING_READ, 2 * ROOM, buffer, ROOM)) fail("a page that is gone", "mapping", ROOM);
    if (mapping_copy(&mapping, MAPPING_WRITE, 2 * ROOM, buffer, ROOM)) fail("a page that is gone", "mapping", ROOM);
    if (!mapping_copy(&mapping, MAPPING_READ, 0, buffer, 100)) fail("a page that is there", "mapping", 100);
  }
  mapping_close(&mapping);
  mapping_close(&mapping);
  close(file);
}

/* A fault in the buffer of a copy is none of the mapping: it ends the process, here that of a child. */
static void check_fault_elsewhere(void) {
  FILE *files[2] = {tmpfile(), tmpfile()};
  struct mapping mapping;
  for (int i = 0; i < 2; i++)
    if (files[i] == NULL || ftruncate(fileno(files[i]), ROOM) != 0) fail("file", "mapping", ROOM);
  uint8_t *gone = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(files[1]), 0);
  if (gone == MAP_FAILED || ftruncate(fileno(files[1]), 0) != 0) fail("file", "mapping", 0);
  if (mapping_open(&mapping, fileno(files[0]), 0, ROOM, 0).error != 0) fail("open", "mapping", ROOM);
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    close(STDERR_FILENO);
    mapping_copy(&mapping, MAPPING_READ, 0, gone, 100);
    _exit(0);
  }
  int status = 0;
  if (waitpid(child, &status, 0) != child || status == 0) fail("a fault elsewhere", "mapping", 100);
  mapping_close(&mapping);
  munmap(gone, ROOM);
  for (int i = 0; i < 2; i++) fclose(files[i]);
}

int main(void) {
  static const size_t lengths[] = {0, 1, 2, 7, 8, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65, 95, 127, 128, 129, 191, 193,
                                   255, 256, 257, 319, 500, 513, 1023, 4095, 4097, 5000, ROOM};
  for (size_t i = 0; i < MOST; i++) {
    inputs[i] = fenced();
    outputs[i] = fenced();
  }
  for (size_t k = 0; k < gf_kernel_count; k++) {
    if (!cpu_has(gf_kernels[k].needs)) continue;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
      for (size_t rows = 1; rows <= MOST; rows += lengths[i] > 600 ? 3 : 1)
        check_galois(k, rows, 1 + (rows + i) % 4, lengths[i], (rows + i / 2) % 2 == 0);
    printf("%s ", gf_kernels[k].name);
  }
  crc_prepare();
  for (const struct crc_kernel *kernel = crc_kernels; kernel < crc_kernels + crc_kernel_count; kernel++) {
    if (!cpu_has(kernel->needs)) continue;
    for (size_t length = 0; length <= ROOM; length += length < 700 ? 1 : 97) {
      check_crc(kernel, length, 0);
      check_crc(kernel, length, 1);
    }
    printf("%s ", kernel->name);
  }
  check_mapping();
  check_fault_elsewhere();
  printf("mapping\n");
  return 0;
}
