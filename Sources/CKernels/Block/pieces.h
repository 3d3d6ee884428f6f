// Divides work into pieces of a fixed size, which threads take from a common counter.
//
// The result of a piece, and where it is stored, depend on the piece alone, so results have the same bits for
// any number of threads. `worker` is below threads->count and selects scratch memory: no two pieces run at
// the same time with the same worker.
#pragma once

template <class Body>
struct Pieces {
  Body &body;
  const int count;
  std::atomic<int> next = 0;

  static void work(void *argument, int worker) {
    Pieces &pieces = *static_cast<Pieces *>(argument);
    for (int piece; (piece = pieces.next.fetch_add(1, std::memory_order_relaxed)) < pieces.count;)
      pieces.body(piece, worker);
  }
};

/// Calls body(piece, worker) for each piece in 0 ..< count, and returns when all are done.
template <class Body>
inline void for_pieces(const ck_threads *threads, int count, Body &body) {
  Pieces<Body> pieces{body, count};
  const int tasks = smaller(threads->count, count);
  if (tasks > 1) {
    threads->run(threads, tasks, Pieces<Body>::work, &pieces);
  } else {
    Pieces<Body>::work(&pieces, 0);
  }
}
