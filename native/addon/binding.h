/* What JavaScript sees, in three parts. Each adds its functions to `exports` and gives 0 when that failed. */
#ifndef COUCHESTOR_BINDING_H
#define COUCHESTOR_BINDING_H

#include <node_api.h>

int export_galois(napi_env env, napi_value exports);
int export_crc32c(napi_env env, napi_value exports);
int export_mapping(napi_env env, napi_value exports);

#endif
