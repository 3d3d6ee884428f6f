// How the codecs report an error: a message for this thread, and 1 for the caller to return.
#pragma once

/// Keeps a printf-style message for `ci_last_error()`; always returns 1.
int ci_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/// The same for a file that may be intact but is of an unsupported kind.
int ci_fail_kind(const char *format, ...) __attribute__((format(printf, 1, 2)));
