/*
 * ISA-L as a peer: a process that holds one stripe, is told on stdin what to compute, and says on stdout how long it took. What it
 * computes, and where each buffer lies, comes from isal-driver.ts, so that both sides work on the same shape in the same layout.
 *
 *   stripe K M SHARD_BYTES STRIDE BUFFERS PARITY_HEX     -> ok            fills the data shards and encodes them
 *   work KIND OFFSET LENGTH SOURCES TARGETS HEX          -> digest        multiply: targets = HEX * sources;
 *                                                                         verify: the same into the last buffers, and compare
 *   time FUNCTION SAMPLES LEAST_NS                       -> ns ns ...     of a call, the mean of each sample; isal or base
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <isa-l/erasure_code.h>

enum { MAX_SHARDS = 255, TABLE_BYTES = 32, LINE_CHARS = 1 << 18 };
/* A call so many times longer than a sample should be is one by itself, as in samples.ts. */
enum { LONG = 10 };

static uint8_t *memory;
static size_t memory_bytes, shard_bytes, stride, buffers;
static int data_shards;

static bool is_verify;
static int rows, columns, length;
static uint8_t *sources[MAX_SHARDS], *targets[MAX_SHARDS], *expected[MAX_SHARDS];
static uint8_t tables[MAX_SHARDS * MAX_SHARDS * TABLE_BYTES];

static void fail(const char *problem)
{
    fprintf(stderr, "isal-driver: %s\n", problem);
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
}

static uint8_t *buffer_at(size_t index)
{
    if (index >= buffers) fail("no such buffer");
    return memory + index * stride;
}

static size_t read_hex(const char *hex, uint8_t *bytes, size_t room)
{
    size_t count = 0;
    unsigned value;
    for (; sscanf(hex + 2 * count, "%2x", &value) == 1; count++) {
        if (count == room) fail("a matrix is too large");
        bytes[count] = (uint8_t)value;
    }
    return count;
}

static int read_list(char *list, uint8_t **pointers, size_t offset)
{
    int count = 0;
    char *state = NULL;
    for (char *word = strtok_r(list, ",", &state); word != NULL; word = strtok_r(NULL, ",", &state)) {
        if (count == MAX_SHARDS) fail("too many buffers");
        pointers[count++] = buffer_at(strtoul(word, NULL, 10)) + offset;
    }
    return count;
}

/* The numbers of Lehmer's generator, as stripe.ts makes them. */
static void fill(uint8_t *bytes, size_t count, uint32_t seed)
{
    uint64_t state = seed;
    for (size_t at = 0; at < count; at++) {
        state = state * 48271 % 0x7fffffff;
        bytes[at] = (uint8_t)(state >> 8);
    }
}

/* FNV-1a. */
static uint32_t digest(void)
{
    uint32_t hash = 0x811c9dc5;
    for (int row = 0; row < rows; row++)
        for (int at = 0; at < length; at++) hash = (hash ^ targets[row][at]) * 0x01000193;
    return hash;
}

static void make_tables(const char *hex)
{
    static uint8_t matrix[MAX_SHARDS * MAX_SHARDS];
    if (read_hex(hex, matrix, sizeof matrix) != (size_t)rows * (size_t)columns) fail("a matrix of another size");
    ec_init_tables(columns, rows, matrix, tables);
}

static void set_stripe(char **words)
{
    const int parity_shards = atoi(words[2]);
    if (memory != NULL) munmap(memory, memory_bytes);
    data_shards = atoi(words[1]);
    shard_bytes = strtoul(words[3], NULL, 10);
    stride = strtoul(words[4], NULL, 10);
    buffers = strtoul(words[5], NULL, 10);
    memory_bytes = stride * buffers;
    memory = mmap(NULL, memory_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) fail("no memory");
    for (size_t index = 0; index < buffers; index++) fill(buffer_at(index), shard_bytes, (uint32_t)index + 1);
    for (int index = 0; index < data_shards; index++) sources[index] = buffer_at((size_t)index);
    for (int row = 0; row < parity_shards; row++) targets[row] = buffer_at((size_t)(data_shards + row));
    rows = parity_shards;
    columns = data_shards;
    make_tables(words[6]);
    ec_encode_data((int)shard_bytes, columns, rows, tables, sources, targets);
}

static void set_work(char **words)
{
    const size_t offset = strtoul(words[2], NULL, 10);
    is_verify = strcmp(words[1], "verify") == 0;
    length = atoi(words[3]);
    columns = read_list(words[4], sources, offset);
    rows = read_list(words[5], targets, offset);
    for (int row = 0; is_verify && row < rows; row++) {
        expected[row] = targets[row];
        targets[row] = buffer_at(buffers - (size_t)(rows - row)) + offset;
    }
    make_tables(words[6]);
}

static void run(bool is_base)
{
    if (is_base) ec_encode_data_base(length, columns, rows, tables, sources, targets);
    else ec_encode_data(length, columns, rows, tables, sources, targets);
    for (int row = 0; is_verify && row < rows; row++)
        if (memcmp(targets[row], expected[row], (size_t)length) != 0) fail("the parity does not fit");
}

static uint64_t calls_ns(bool is_base, uint64_t calls)
{
    const uint64_t started = now_ns();
    for (uint64_t call = 0; call < calls; call++) run(is_base);
    return now_ns() - started;
}

static void time_calls(char **words)
{
    const bool is_base = strcmp(words[1], "base") == 0;
    const int samples = atoi(words[2]);
    const uint64_t least = strtoull(words[3], NULL, 10);
    /* The first call brings the stripe into the caches, the second says how many make a sample. */
    calls_ns(is_base, 1);
    const uint64_t one = calls_ns(is_base, 1);
    if (one > least * LONG) {
        printf("%" PRIu64 "\n", one);
        return;
    }
    const uint64_t calls = least / (one == 0 ? 1 : one) + 1;
    for (int sample = 0; sample < samples; sample++)
        printf("%s%.1f", sample == 0 ? "" : " ", (double)calls_ns(is_base, calls) / (double)calls);
    printf("\n");
}

int main(void)
{
    static char line[LINE_CHARS];
    while (fgets(line, sizeof line, stdin) != NULL) {
        char *words[8] = { NULL };
        int count = 0;
        char *state = NULL;
        for (char *word = strtok_r(line, " \n", &state); word != NULL && count < 8; word = strtok_r(NULL, " \n", &state))
            words[count++] = word;
        if (count == 7 && strcmp(words[0], "stripe") == 0) {
            set_stripe(words);
            printf("ok\n");
        } else if (count == 7 && strcmp(words[0], "work") == 0) {
            set_work(words);
            run(false);
            printf("%" PRIu32 "\n", digest());
        } else if (count == 4 && strcmp(words[0], "time") == 0) {
            time_calls(words);
        } else {
            fail("a command that is none");
        }
        fflush(stdout);
    }
    return 0;
}
