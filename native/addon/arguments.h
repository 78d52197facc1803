/*
 * Arguments of a call from JavaScript. Each reader gives 1, or throws a TypeError that names the argument and gives 0. A
 * getter of an array may run JavaScript, which can take the memory of a buffer away: so pointers are read last.
 */
#ifndef COUCHESTOR_ARGUMENTS_H
#define COUCHESTOR_ARGUMENTS_H

#include <node_api.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_ARGUMENTS 6

struct call {
  napi_env env;
  const char *function;
  napi_value arguments[MAX_ARGUMENTS];
};

struct bytes {
  uint8_t *start;
  size_t length;
};

/* Missing arguments are undefined, surplus ones are ignored. */
int call_begin(struct call *call, napi_env env, napi_callback_info info, const char *function);

/* Throws a TypeError `function: name what`; gives 0. An exception that is already there stays. */
int call_refuse(const struct call *call, const char *name, const char *what);

/* A whole number from 0 to `most`, which is at most 2^53 - 1. */
int read_number(const struct call *call, napi_value value, const char *name, uint64_t most, uint64_t *number);

int read_boolean(const struct call *call, napi_value value, const char *name, int *boolean);

/* A Uint8Array, over an ArrayBuffer or a SharedArrayBuffer. */
int read_bytes(const struct call *call, napi_value value, const char *name, struct bytes *bytes);

/* A Uint8Array, and in it the window of `length` bytes at `offset`. */
int read_window(const struct call *call, napi_value value, const char *name, uint64_t offset, uint64_t length,
                uint8_t **start);

#define MAX_ELEMENTS 255

struct elements {
  size_t count;
  napi_value values[MAX_ELEMENTS];
};

/* An array of at most MAX_ELEMENTS elements, which are not looked at. */
int read_elements(const struct call *call, napi_value value, const char *name, struct elements *elements);

/* Each adds a property to `exports` and gives 0 when that failed. */
int export_function(napi_env env, napi_value exports, const char *name, napi_callback function);

int export_value(napi_env env, napi_value exports, const char *name, napi_value value);

/* The kernels by number, as an array of names without those that `name_of` has none for. */
int export_kernels(napi_env env, napi_value exports, const char *name, size_t count, const char *(*name_of)(size_t));

#define MAX_NUMBER ((1ull << 53) - 1)

#endif
