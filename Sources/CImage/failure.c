#include "failure.h"
#include "CImage.h"
#include <stdarg.h>
#include <stdio.h>

static _Thread_local char last_error[256];
static _Thread_local int last_is_unread_kind;

const char *ci_last_error(void) { return last_error; }

int ci_last_is_unread_kind(void) { return last_is_unread_kind; }

__attribute__((format(printf, 2, 0))) static int fail(int is_unread_kind, const char *format, va_list arguments) {
  last_is_unread_kind = is_unread_kind;
  vsnprintf(last_error, sizeof last_error, format, arguments);
  return 1;
}

int ci_fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int status = fail(0, format, arguments);
  va_end(arguments);
  return status;
}

int ci_fail_kind(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int status = fail(1, format, arguments);
  va_end(arguments);
  return status;
}
