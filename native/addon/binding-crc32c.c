/*
 * crc32cKernels                                  names, by number; undefined where a kernel does not run here
 * crc32c(kernel, initial, bytes, offset, length) -> checksum
 */
#include "arguments.h"
#include "binding.h"
#include "cpu.h"
#include "crc32c.h"

static napi_value crc32c(napi_env env, napi_callback_info info) {
  struct call call;
  uint64_t kernel, initial, offset, length;
  uint8_t *start;
  if (!call_begin(&call, env, info, "crc32c") ||
      !read_number(&call, call.arguments[0], "kernel", crc_kernel_count - 1, &kernel) ||
      !read_number(&call, call.arguments[1], "initial", UINT32_MAX, &initial) ||
      !read_number(&call, call.arguments[3], "offset", MAX_NUMBER, &offset) ||
      !read_number(&call, call.arguments[4], "length", MAX_NUMBER, &length) ||
      !read_window(&call, call.arguments[2], "bytes", offset, length, &start))
    return NULL;
  if (!cpu_has(crc_kernels[kernel].needs)) return call_refuse(&call, "kernel", "does not run on this processor"), NULL;
  napi_value checksum = NULL;
  napi_create_uint32(env, crc_kernels[kernel].run((uint32_t)initial, start, length), &checksum);
  return checksum;
}

static const char *name_here(size_t kernel) {
  return cpu_has(crc_kernels[kernel].needs) ? crc_kernels[kernel].name : NULL;
}

int export_crc32c(napi_env env, napi_value exports) {
  crc_prepare();
  return export_kernels(env, exports, "crc32cKernels", crc_kernel_count, name_here) &&
         export_function(env, exports, "crc32c", crc32c);
}
