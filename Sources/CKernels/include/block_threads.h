// How the kernels of the block share their work among threads, and what they count in.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Threads that run tasks: `run` calls `task(argument, i)` once for each i in 0 ..< tasks, and returns after the last.
///
/// A kernel never asks for more tasks than `count` at a time, and each then takes pieces of a fixed size from a common
/// counter; which thread takes which piece does not change a bit of the result.
typedef struct ck_threads {
  int count;
  void (*run)(const struct ck_threads *threads, int tasks, void (*task)(void *argument, int index), void *argument);
} ck_threads;

/// What activations are kept in, and so what products are computed in.
typedef enum { CK_FLOAT32 = 0, CK_BFLOAT16 = 1 } ck_type;

/// The instruction sets that the kernels are assembled for; each holds the ones before it.
typedef enum { CK_NONE = 0, CK_AVX2 = 1, CK_AVX512 = 2, CK_AVX512_BF16 = 3 } ck_instructions;

/// The best set that this CPU and its operating system offer; CK_NONE where the kernels cannot run.
ck_instructions ck_instructions_available(void);

/// The set in use: the best one, unless `ck_instructions_use` chose.
ck_instructions ck_instructions_in_use(void);

/// Chooses an instruction set, for tests and measurements; call it while no kernel runs, and pack weights after it.
/// Returns 0, or 1 if this CPU does not have it.
int ck_instructions_use(ck_instructions set);

/// Whether the CPU and its operating system have tiles for products of bfloat16 (AMX), which these kernels do not use.
int ck_has_tiles(void);

/// How the products of bfloat16 values are formed.
typedef enum {
  CK_PRODUCT_DOT = 1,  ///< dot products of pairs
  CK_PRODUCT_FMA = 2,  ///< widened to float32, and float32 multiply-add
} ck_product;

/// The faster of the two on this CPU, by a measurement of a few milliseconds at the first call, unless
/// `ck_product_use` chose: two CPUs that name the same instructions run them at rates that differ by four.
ck_product ck_product_in_use(void);

/// Chooses how products are formed, for tests and measurements, on the same terms as `ck_instructions_use`; 0 goes back
/// to the measured choice. Returns 0, or 1 if the set in use has no dot product.
int ck_product_use(int product);

/// Multiply-adds a nanosecond that the calling thread does of that product, in registers, with the instructions in
/// use; 0 where they have none. Measured anew, in less than a millisecond.
double ck_product_rate(ck_product product);

#ifdef __cplusplus
}
#endif
