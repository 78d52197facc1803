/*
 * map(file, offset, length, writable)                          -> mapping
 * unmap(mapping)                                               does nothing the second time
 * read(mapping, offset, target, targetOffset, length)          -> whether the bytes were there
 * write(mapping, offset, source, sourceOffset, length)         -> whether there was room for the bytes
 * advise(mapping, advice, offset, length)
 * sync(mapping, offset, length)
 *
 * A mapping is an external value with a tag, so that no other addon's value is taken for one. It is unmapped when it is
 * collected, or when its thread ends, at the latest.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "binding.h"
#include "mapping.h"

static const napi_type_tag mapping_tag = {0x6d61707065642d66, 0x636f756368657374};

static const char *name_of(int error) {
  switch (error) {
    case EACCES: return "EACCES";
    case EAGAIN: return "EAGAIN";
    case EBADF: return "EBADF";
    case EINVAL: return "EINVAL";
    case EIO: return "EIO";
    case ENFILE: return "ENFILE";
    case ENODEV: return "ENODEV";
    case ENOMEM: return "ENOMEM";
    case ENOSPC: return "ENOSPC";
    case EOVERFLOW: return "EOVERFLOW";
    case EPERM: return "EPERM";
    case ERANGE: return "ERANGE";
    case ETXTBSY: return "ETXTBSY";
    default: return "EUNKNOWN";
  }
}

/* Throws an Error with the code of the operating system, as those of node:fs; gives 0. */
static int fail(const struct call *call, struct mapping_result result) {
  char message[160];
  snprintf(message, sizeof message, "%s: %s: %s", name_of(result.error), result.operation,
           result.error == ERANGE ? "the file is shorter than offset + length" : strerror(result.error));
  napi_throw_error(call->env, name_of(result.error), message);
  return 0;
}

static void collect(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  mapping_close(data);
  free(data);
}

static int read_mapping(const struct call *call, struct mapping **mapping) {
  bool tagged = false;
  napi_valuetype type;
  void *data = NULL;
  if (napi_typeof(call->env, call->arguments[0], &type) != napi_ok || type != napi_external ||
      napi_check_object_type_tag(call->env, call->arguments[0], &mapping_tag, &tagged) != napi_ok || !tagged ||
      napi_get_value_external(call->env, call->arguments[0], &data) != napi_ok)
    return call_refuse(call, "mapping", "must come from map()");
  *mapping = data;
  return 1;
}

static int read_open_mapping(const struct call *call, struct mapping **mapping) {
  if (!read_mapping(call, mapping)) return 0;
  return (*mapping)->region != NULL || call_refuse(call, "mapping", "is unmapped");
}

static int read_part(const struct call *call, const struct mapping *mapping, uint64_t offset, uint64_t length) {
  if (offset <= mapping->length && length <= mapping->length - offset) return 1;
  return call_refuse(call, "offset + length", "lies outside the mapping");
}

static napi_value map(napi_env env, napi_callback_info info) {
  struct call call;
  uint64_t file, offset, length;
  int writable;
  if (!call_begin(&call, env, info, "map") ||
      !read_number(&call, call.arguments[0], "file", INT32_MAX, &file) ||
      !read_number(&call, call.arguments[1], "offset", MAX_NUMBER, &offset) ||
      !read_number(&call, call.arguments[2], "length", MAX_NUMBER, &length) ||
      !read_boolean(&call, call.arguments[3], "writable", &writable))
    return NULL;
  struct mapping *mapping = malloc(sizeof *mapping);
  if (mapping == NULL) return fail(&call, (struct mapping_result){"malloc", ENOMEM}), NULL;
  const struct mapping_result result = mapping_open(mapping, (int)file, offset, length, writable);
  napi_value external = NULL;
  if (result.error != 0) {
    free(mapping);
    return fail(&call, result), NULL;
  }
  if (napi_create_external(env, mapping, collect, NULL, &external) != napi_ok) {
    collect(env, mapping, NULL);
    return NULL;
  }
  if (napi_type_tag_object(env, external, &mapping_tag) != napi_ok) return NULL;
  return external;
}

static napi_value unmap(napi_env env, napi_callback_info info) {
  struct call call;
  struct mapping *mapping = NULL;
  if (call_begin(&call, env, info, "unmap") && read_mapping(&call, &mapping)) mapping_close(mapping);
  return NULL;
}

static napi_value copy(napi_env env, napi_callback_info info, enum mapping_copy direction) {
  const int reads = direction == MAPPING_READ;
  struct call call;
  struct mapping *mapping = NULL;
  uint64_t offset, buffer_offset, length;
  uint8_t *buffer;
  if (!call_begin(&call, env, info, reads ? "read" : "write") || !read_open_mapping(&call, &mapping) ||
      !read_number(&call, call.arguments[1], "offset", MAX_NUMBER, &offset) ||
      !read_number(&call, call.arguments[3], reads ? "targetOffset" : "sourceOffset", MAX_NUMBER, &buffer_offset) ||
      !read_number(&call, call.arguments[4], "length", MAX_NUMBER, &length) ||
      !read_part(&call, mapping, offset, length) ||
      !read_window(&call, call.arguments[2], reads ? "target" : "source", buffer_offset, length, &buffer))
    return NULL;
  if (!reads && !mapping->writable) return call_refuse(&call, "mapping", "is read-only"), NULL;
  napi_value copied = NULL;
  napi_get_boolean(env, mapping_copy(mapping, direction, offset, buffer, length), &copied);
  return copied;
}

static napi_value read_out(napi_env env, napi_callback_info info) { return copy(env, info, MAPPING_READ); }

static napi_value write_in(napi_env env, napi_callback_info info) { return copy(env, info, MAPPING_WRITE); }

static napi_value advise(napi_env env, napi_callback_info info) {
  struct call call;
  struct mapping *mapping = NULL;
  uint64_t advice, offset, length;
  if (call_begin(&call, env, info, "advise") && read_open_mapping(&call, &mapping) &&
      read_number(&call, call.arguments[1], "advice", MAPPING_ADVICES - 1, &advice) &&
      read_number(&call, call.arguments[2], "offset", MAX_NUMBER, &offset) &&
      read_number(&call, call.arguments[3], "length", MAX_NUMBER, &length) &&
      read_part(&call, mapping, offset, length)) {
    const struct mapping_result result = mapping_advise(mapping, (unsigned)advice, offset, length);
    if (result.error != 0) fail(&call, result);
  }
  return NULL;
}

static napi_value flush(napi_env env, napi_callback_info info) {
  struct call call;
  struct mapping *mapping = NULL;
  uint64_t offset, length;
  if (call_begin(&call, env, info, "sync") && read_open_mapping(&call, &mapping) &&
      read_number(&call, call.arguments[1], "offset", MAX_NUMBER, &offset) &&
      read_number(&call, call.arguments[2], "length", MAX_NUMBER, &length) &&
      read_part(&call, mapping, offset, length)) {
    const struct mapping_result result = mapping_sync(mapping, offset, length);
    if (result.error != 0) fail(&call, result);
  }
  return NULL;
}

int export_mapping(napi_env env, napi_value exports) {
  return export_function(env, exports, "map", map) && export_function(env, exports, "unmap", unmap) &&
         export_function(env, exports, "read", read_out) && export_function(env, exports, "write", write_in) &&
         export_function(env, exports, "advise", advise) && export_function(env, exports, "sync", flush);
}
