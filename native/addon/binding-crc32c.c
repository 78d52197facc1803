/*
 * crc32cKernels                                  names, by number; undefined where a kernel does not run here
 * crc32c(kernel, initial, bytes, offset, length) -> checksum
 */
#include "arguments.h"
#include "binding.h"
#include "cpu.h"
#include "crc32c.h"

static size_t kernel_count(void) {
  size_t count = 0;
  while (crc_kernels[count].name != NULL) count++;
  return count;
}

static int runs_here(const struct crc_kernel *kernel) { return (kernel->needs & ~cpu_features()) == 0; }

static napi_value crc32c(napi_env env, napi_callback_info info) {
  struct call call;
  uint64_t kernel, initial, offset, length;
  uint8_t *start;
  if (!call_begin(&call, env, info, "crc32c") ||
      !read_number(&call, call.arguments[0], "kernel", kernel_count() - 1, &kernel) ||
      !read_number(&call, call.arguments[1], "initial", UINT32_MAX, &initial) ||
      !read_number(&call, call.arguments[3], "offset", MAX_NUMBER, &offset) ||
      !read_number(&call, call.arguments[4], "length", MAX_NUMBER, &length) ||
      !read_window(&call, call.arguments[2], "bytes", offset, length, &start))
    return NULL;
  if (!runs_here(&crc_kernels[kernel])) return call_refuse(&call, "kernel", "does not run on this processor"), NULL;
  napi_value checksum = NULL;
  napi_create_uint32(env, crc_kernels[kernel].run((uint32_t)initial, start, length), &checksum);
  return checksum;
}

int export_crc32c(napi_env env, napi_value exports) {
  crc_prepare();
  napi_value kernels, name;
  if (napi_create_array(env, &kernels) != napi_ok) return 0;
  for (uint32_t i = 0; i < kernel_count(); i++)
    if (runs_here(&crc_kernels[i]) &&
        (napi_create_string_utf8(env, crc_kernels[i].name, NAPI_AUTO_LENGTH, &name) != napi_ok ||
         napi_set_element(env, kernels, i, name) != napi_ok))
      return 0;
  return export_value(env, exports, "crc32cKernels", kernels) && export_function(env, exports, "crc32c", crc32c);
}
