#include "failure.h"
#include "CImage.h"
#include <stdarg.h>
#include <stdio.h>

static _Thread_local char last_error[256];

const char *ci_last_error(void) { return last_error; }

int ci_fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(last_error, sizeof last_error, format, arguments);
  va_end(arguments);
  return 1;
}
