// How the codecs report: one line for this thread, and 1 for the caller to return.
#pragma once

/// Keeps a printf-style message for `ci_last_error()`; always returns 1.
int ci_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/// Likewise, of a file that may be whole, and is only of a kind that is not read.
int ci_fail_kind(const char *format, ...) __attribute__((format(printf, 1, 2)));
