#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include "mapping.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(sizeof(size_t) == 8 && sizeof(off_t) == 8, "lengths and offsets of files are not cut to 32 bits");

/* Where the thread is while it copies; the handler jumps there when the fault lies in the mapping. */
struct guard {
  sigjmp_buf retreat;
  const uint8_t *region;
  size_t length;
};
static __thread struct guard *volatile active_guard;

static struct sigaction previous;

/* What another part of the process had asked for before us, or the end that a fault has by default. */
static void pass_on(int signal_number, siginfo_t *info, void *context) {
  if (previous.sa_flags & SA_SIGINFO) {
    previous.sa_sigaction(signal_number, info, context);
  } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
    previous.sa_handler(signal_number);
  } else if (previous.sa_handler == SIG_DFL || info->si_code > 0) {
    /* A fault comes again when the instruction is run again; a signal that was sent has to be sent again. */
    signal(signal_number, SIG_DFL);
    if (info->si_code <= 0) raise(signal_number);
  }
}

static void on_bus_error(int signal_number, siginfo_t *info, void *context) {
  struct guard *guard = active_guard;
  const uintptr_t address = (uintptr_t)info->si_addr;
  if (guard != NULL && info->si_code > 0 && address - (uintptr_t)guard->region < guard->length)
    siglongjmp(guard->retreat, 1);
  pass_on(signal_number, info, context);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int install_error;

static void install_handler(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_bus_error;
  /* The signal stays open while it is handled, so that leaving the handler by a jump need not restore a mask. */
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigemptyset(&action.sa_mask);
  if (sigaction(SIGBUS, &action, &previous) != 0) install_error = errno;
}

static struct mapping_result done(const char *operation, int error) {
  const struct mapping_result result = {operation, error};
  return result;
}

struct mapping_result mapping_open(struct mapping *mapping, int file, uint64_t offset, uint64_t length, int writable) {
  memset(mapping, 0, sizeof *mapping);
  pthread_once(&once, install_handler);
  if (install_error != 0) return done("sigaction", install_error);
  struct stat status;
  if (fstat(file, &status) != 0) return done("fstat", errno);
  if (!S_ISREG(status.st_mode)) return done("mmap", ENODEV);
  if (length == 0) return done("mmap", EINVAL);
  const uint64_t size = (uint64_t)status.st_size;
  if (offset > size || length > size - offset) return done("mmap", ERANGE);

  const uint64_t ahead = offset % (uint64_t)sysconf(_SC_PAGESIZE);
  const int protection = PROT_READ | (writable ? PROT_WRITE : 0);
  void *region = mmap(NULL, length + ahead, protection, MAP_SHARED, file, (off_t)(offset - ahead));
  if (region == MAP_FAILED) return done("mmap", errno);
  mapping->region = region;
  mapping->region_length = length + ahead;
  mapping->bytes = mapping->region + ahead;
  mapping->length = length;
  mapping->writable = writable;
  return done("mmap", 0);
}

void mapping_close(struct mapping *mapping) {
  if (mapping->region != NULL) munmap(mapping->region, mapping->region_length);
  mapping->region = NULL;
}

int mapping_copy(const struct mapping *mapping, enum mapping_copy direction, size_t offset, uint8_t *buffer,
                 size_t length) {
  uint8_t *bytes = mapping->bytes + offset;
  struct guard guard;
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  guard.region = mapping->region;
  guard.length = (mapping->region_length + page - 1) / page * page;
  if (sigsetjmp(guard.retreat, 0) != 0) {
    active_guard = NULL;
    return 0;
  }
  active_guard = &guard;
  __asm__ volatile("" ::: "memory");
  if (direction == MAPPING_READ) memcpy(buffer, bytes, length);
  else memcpy(bytes, buffer, length);
  __asm__ volatile("" ::: "memory");
  active_guard = NULL;
  return 1;
}

/* Both calls below want the start of a page. */
static uint8_t *page_of(const struct mapping *mapping, size_t offset, size_t *length) {
  uint8_t *bytes = mapping->bytes + offset;
  const size_t ahead = (uintptr_t)bytes % (uintptr_t)sysconf(_SC_PAGESIZE);
  *length += ahead;
  return bytes - ahead;
}

struct mapping_result mapping_advise(const struct mapping *mapping, unsigned advice, size_t offset, size_t length) {
  static const int advices[MAPPING_ADVICES] = {MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED, MADV_DONTNEED};
  uint8_t *start = page_of(mapping, offset, &length);
  return done("madvise", madvise(start, length, advices[advice]) == 0 ? 0 : errno);
}

struct mapping_result mapping_sync(const struct mapping *mapping, size_t offset, size_t length) {
  uint8_t *start = page_of(mapping, offset, &length);
  return done("msync", msync(start, length, MS_SYNC) == 0 ? 0 : errno);
}
