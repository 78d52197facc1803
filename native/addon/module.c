/*
 * The addon. It keeps nothing for a thread beyond the mappings that JavaScript holds, so that any number of threads may load
 * it at once. The library stays in memory when the last of them has ended (-z nodelete): its signal handler may still be asked.
 */
#include <node_api.h>

#include "arguments.h"
#include "binding.h"

NAPI_MODULE_INIT() {
  napi_value version;
  /* src/addon.ts names the version that it was written for. */
  if (napi_create_uint32(env, 1, &version) != napi_ok || !export_value(env, exports, "version", version) ||
      !export_galois(env, exports) || !export_crc32c(env, exports) || !export_mapping(env, exports)) {
    napi_throw_error(env, NULL, "couchestor.node could not make its exports");
    return NULL;
  }
  return exports;
}
