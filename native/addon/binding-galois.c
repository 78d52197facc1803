/*
 * galoisKernels                                            names, by number; undefined where a kernel does not run here
 * prepare(kernel, coefficients, rows, columns)             -> tables
 * multiply(tables, inputs, outputs, offset, length)
 * accumulate(tables, column, input, outputs, offset, length)
 * compare(tables, inputs, expected, differs, offset, length)
 *
 * Tables come back from JavaScript as bytes that anyone may have changed, another thread even now: their header is read once
 * and checked, and whatever factors follow it only decide which bytes come out.
 */
#include <string.h>

#include "arguments.h"
#include "binding.h"
#include "cpu.h"
#include "galois.h"

/* Kernel, number of rows and number of columns of the matrix, read from its tables. */
static int read_tables(const struct call *call, napi_value value, struct gf_work *work) {
  struct bytes tables;
  if (!read_bytes(call, value, "tables", &tables)) return 0;
  if (tables.length >= GF_HEADER) {
    uint8_t header[GF_HEADER];
    memcpy(header, tables.start, GF_HEADER);
    work->tables = tables.start;
    work->kernel = &gf_kernels[header[0]];
    work->rows = header[1];
    work->first_column = 0;
    work->columns = header[2];
    if (header[0] < gf_kernel_count && cpu_has(work->kernel->needs) && work->rows > 0 && work->columns > 0 &&
        tables.length == gf_tables_size(work->kernel, work->rows, work->columns))
      return 1;
  }
  return call_refuse(call, "tables", "must come from prepare()");
}

struct window {
  uint64_t offset, length;
};

static int read_range(const struct call *call, size_t first, struct window *window) {
  return read_number(call, call->arguments[first], "offset", MAX_NUMBER, &window->offset) &&
         read_number(call, call->arguments[first + 1], "length", MAX_NUMBER, &window->length);
}

static int read_starts(const struct call *call, const struct elements *buffers, const char *name, size_t count,
                       const struct window *window, uint8_t **starts) {
  if (buffers->count != count) return call_refuse(call, name, "must be as many buffers as the matrix has");
  for (size_t i = 0; i < count; i++)
    if (!read_window(call, buffers->values[i], name, window->offset, window->length, &starts[i])) return 0;
  return 1;
}

static napi_value prepare(napi_env env, napi_callback_info info) {
  struct call call;
  uint64_t kernel, rows, columns;
  struct bytes coefficients;
  if (!call_begin(&call, env, info, "prepare") ||
      !read_number(&call, call.arguments[0], "kernel", gf_kernel_count - 1, &kernel) ||
      !read_number(&call, call.arguments[2], "rows", GF_MAX_SIDE, &rows) ||
      !read_number(&call, call.arguments[3], "columns", GF_MAX_SIDE, &columns) ||
      !read_bytes(&call, call.arguments[1], "coefficients", &coefficients))
    return NULL;
  if (!cpu_has(gf_kernels[kernel].needs)) return call_refuse(&call, "kernel", "does not run on this processor"), NULL;
  if (rows == 0 || columns == 0) return call_refuse(&call, "rows and columns", "must be at least 1"), NULL;
  if (coefficients.length != rows * columns)
    return call_refuse(&call, "coefficients", "must be rows x columns bytes"), NULL;

  /* Creating a buffer may move nothing of the coefficients: their memory is not on the heap of JavaScript. */
  const size_t size = gf_tables_size(&gf_kernels[kernel], rows, columns);
  napi_value buffer, tables;
  void *start;
  if (napi_create_arraybuffer(env, size, &start, &buffer) != napi_ok ||
      napi_create_typedarray(env, napi_uint8_array, size, buffer, 0, &tables) != napi_ok)
    return NULL;
  gf_tables_fill(start, kernel, coefficients.start, rows, columns);
  return tables;
}

/* multiply and compare: the whole matrix. */
static napi_value run_matrix(napi_env env, napi_callback_info info, enum gf_mode mode) {
  const int compares = mode == GF_COMPARE;
  const char *const right = compares ? "expected" : "outputs";
  struct call call;
  struct gf_work work;
  struct window window;
  struct elements inputs, outputs;
  uint8_t *input_starts[GF_MAX_SIDE], *output_starts[GF_MAX_SIDE], *differs = NULL;
  if (!call_begin(&call, env, info, compares ? "compare" : "multiply") ||
      !read_range(&call, compares ? 4 : 3, &window) ||
      !read_elements(&call, call.arguments[1], "inputs", &inputs) ||
      !read_elements(&call, call.arguments[2], right, &outputs) ||
      !read_tables(&call, call.arguments[0], &work) ||
      !read_starts(&call, &inputs, "inputs", work.columns, &window, input_starts) ||
      !read_starts(&call, &outputs, right, work.rows, &window, output_starts) ||
      (compares && !read_window(&call, call.arguments[3], "differs", 0, work.rows, &differs)))
    return NULL;
  work.inputs = (const uint8_t **)input_starts;
  work.outputs = output_starts;
  work.length = window.length;
  gf_run(mode, &work, differs);
  return NULL;
}

static napi_value multiply(napi_env env, napi_callback_info info) { return run_matrix(env, info, GF_MULTIPLY); }

static napi_value compare(napi_env env, napi_callback_info info) { return run_matrix(env, info, GF_COMPARE); }

static napi_value accumulate(napi_env env, napi_callback_info info) {
  struct call call;
  struct gf_work work;
  struct window window;
  struct elements outputs;
  uint64_t column;
  uint8_t *input, *output_starts[GF_MAX_SIDE];
  if (!call_begin(&call, env, info, "accumulate") || !read_range(&call, 4, &window) ||
      !read_elements(&call, call.arguments[3], "outputs", &outputs) ||
      !read_tables(&call, call.arguments[0], &work) ||
      !read_number(&call, call.arguments[1], "column", work.columns - 1, &column) ||
      !read_window(&call, call.arguments[2], "input", window.offset, window.length, &input) ||
      !read_starts(&call, &outputs, "outputs", work.rows, &window, output_starts))
    return NULL;
  const uint8_t *inputs[1] = {input};
  work.first_column = column;
  work.columns = 1;
  work.inputs = inputs;
  work.outputs = output_starts;
  work.length = window.length;
  gf_run(GF_ACCUMULATE, &work, NULL);
  return NULL;
}

static const char *name_here(size_t kernel) {
  return cpu_has(gf_kernels[kernel].needs) ? gf_kernels[kernel].name : NULL;
}

int export_galois(napi_env env, napi_value exports) {
  return export_kernels(env, exports, "galoisKernels", gf_kernel_count, name_here) &&
         export_function(env, exports, "prepare", prepare) && export_function(env, exports, "multiply", multiply) &&
         export_function(env, exports, "accumulate", accumulate) &&
         export_function(env, exports, "compare", compare);
}
