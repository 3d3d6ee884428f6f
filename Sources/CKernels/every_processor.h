// One source, several instruction sets: the loader picks the best that the processor has.
// Not under the thread sanitizer: the loader asks before that has started.
#pragma once

#if defined(__x86_64__) && defined(__linux__) && !__has_feature(thread_sanitizer)
#define EVERY_PROCESSOR __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define EVERY_PROCESSOR
#endif
