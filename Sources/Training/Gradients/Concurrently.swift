import Dispatch
import Torch

/// The results of `body` for each item, in order, worked out on as many threads as libtorch's operations use.
///
/// `body` must not mind which thread it runs on, nor what runs beside it.
func concurrently<Item, Result>(_ items: [Item], _ body: (Item) -> Result) -> [Result] {
  let threads = min(Runtime.threads, items.count)
  guard threads > 1 else { return items.map(body) }
  return Array(unsafeUninitializedCapacity: items.count) { results, count in
    // Safe: every thread takes items of its own and writes their results alone; all are done at the end of the call.
    nonisolated(unsafe) let (start, items, body) = (results, items, body)
    DispatchQueue.concurrentPerform(iterations: threads) { thread in
      for index in stride(from: thread, to: items.count, by: threads) {
        start.initializeElement(at: index, to: body(items[index]))
      }
    }
    count = items.count
  }
}
