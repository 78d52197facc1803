#include "arguments.h"

#include <stdio.h>

int call_begin(struct call *call, napi_env env, napi_callback_info info, const char *function) {
  size_t count = MAX_ARGUMENTS;
  call->env = env;
  call->function = function;
  return napi_get_cb_info(env, info, &count, call->arguments, NULL, NULL) == napi_ok;
}

int call_refuse(const struct call *call, const char *name, const char *what) {
  bool pending = false;
  char message[160];
  napi_is_exception_pending(call->env, &pending);
  if (pending) return 0;
  snprintf(message, sizeof message, "%s: %s %s", call->function, name, what);
  napi_throw_type_error(call->env, "ERR_INVALID_ARG_VALUE", message);
  return 0;
}

int read_number(const struct call *call, napi_value value, const char *name, uint64_t most, uint64_t *number) {
  double found;
  char range[64];
  if (napi_get_value_double(call->env, value, &found) == napi_ok && found >= 0 && found <= (double)most) {
    *number = (uint64_t)found;
    if ((double)*number == found) return 1;
  }
  snprintf(range, sizeof range, "must be a whole number from 0 to %llu", (unsigned long long)most);
  return call_refuse(call, name, range);
}

int read_boolean(const struct call *call, napi_value value, const char *name, int *boolean) {
  bool found;
  if (napi_get_value_bool(call->env, value, &found) != napi_ok) return call_refuse(call, name, "must be a boolean");
  *boolean = found;
  return 1;
}

int read_bytes(const struct call *call, napi_value value, const char *name, struct bytes *bytes) {
  napi_typedarray_type type;
  void *start = NULL;
  size_t length = 0;
  /* It fails for what is no typed array. */
  if (napi_get_typedarray_info(call->env, value, &type, &length, &start, NULL, NULL) != napi_ok ||
      type != napi_uint8_array)
    return call_refuse(call, name, "must be a Uint8Array");
  bytes->start = start;
  bytes->length = start == NULL ? 0 : length;
  return 1;
}

int read_window(const struct call *call, napi_value value, const char *name, uint64_t offset, uint64_t length,
                uint8_t **start) {
  struct bytes bytes;
  if (!read_bytes(call, value, name, &bytes)) return 0;
  if (offset > bytes.length || length > bytes.length - offset)
    return call_refuse(call, name, "is shorter than offset + length");
  *start = bytes.start + offset;
  return 1;
}

int read_elements(const struct call *call, napi_value value, const char *name, struct elements *elements) {
  bool is_array = false;
  uint32_t length = 0;
  if (napi_is_array(call->env, value, &is_array) != napi_ok || !is_array ||
      napi_get_array_length(call->env, value, &length) != napi_ok || length > MAX_ELEMENTS)
    return call_refuse(call, name, "must be an array of buffers, one a shard");
  elements->count = length;
  for (uint32_t i = 0; i < length; i++)
    if (napi_get_element(call->env, value, i, &elements->values[i]) != napi_ok)
      return call_refuse(call, name, "cannot be read");
  return 1;
}

int export_value(napi_env env, napi_value exports, const char *name, napi_value value) {
  return napi_set_named_property(env, exports, name, value) == napi_ok;
}

int export_function(napi_env env, napi_value exports, const char *name, napi_callback function) {
  napi_value value;
  return napi_create_function(env, name, NAPI_AUTO_LENGTH, function, NULL, &value) == napi_ok &&
         export_value(env, exports, name, value);
}

int export_kernels(napi_env env, napi_value exports, const char *name, size_t count, const char *(*name_of)(size_t)) {
  napi_value kernels, value;
  if (napi_create_array(env, &kernels) != napi_ok) return 0;
  for (uint32_t i = 0; i < count; i++)
    if (name_of(i) != NULL && (napi_create_string_utf8(env, name_of(i), NAPI_AUTO_LENGTH, &value) != napi_ok ||
                               napi_set_element(env, kernels, i, value) != napi_ok))
      return 0;
  return export_value(env, exports, name, kernels);
}
