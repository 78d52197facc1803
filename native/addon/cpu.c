#include "cpu.h"

#include <pthread.h>

#if defined(__x86_64__)
#include <cpuid.h>

static unsigned long long xgetbv(void) {
  unsigned low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return ((unsigned long long)high << 32) | low;
}

static unsigned find_features(void) {
  unsigned a, b, c, d, found = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
  if (c & bit_SSSE3) found |= CPU_SSSE3;
  if ((c & bit_SSE4_2) && (c & bit_PCLMUL)) found |= CPU_SSE42_PCLMUL;
  const unsigned long long saved = (c & bit_OSXSAVE) ? xgetbv() : 0;
  const int ymm = (c & bit_AVX) && (saved & 0x06) == 0x06;
  const int zmm = ymm && (saved & 0xe6) == 0xe6;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return found;
  if (ymm && (b & bit_AVX2)) found |= CPU_AVX2;
  if (ymm && (c & bit_GFNI)) found |= CPU_GFNI;
  if (ymm && (c & bit_VPCLMULQDQ)) found |= CPU_VPCLMUL;
  const unsigned wide = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL;
  if (zmm && (b & wide) == wide) found |= CPU_AVX512;
  return found;
}
#elif defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>

static unsigned find_features(void) {
  const unsigned long wanted = HWCAP_CRC32 | HWCAP_PMULL;
  return (getauxval(AT_HWCAP) & wanted) == wanted ? CPU_ARM_CRC_PMULL : 0;
}
#else
static unsigned find_features(void) { return 0; }
#endif

static pthread_once_t once = PTHREAD_ONCE_INIT;
static unsigned found_features;

static void remember(void) { found_features = find_features(); }

int cpu_has(unsigned features) {
  pthread_once(&once, remember);
  return (features & ~found_features) == 0;
}
