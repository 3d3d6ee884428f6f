import Glibc

/// An immutable array of values, on the heap or in pages of a file that processes share.
struct Column<Element: BitwiseCopyable & Sendable>: RandomAccessCollection, Sendable {
  // Safe: the owner keeps the memory for as long as this value exists, and nobody writes to it.
  nonisolated(unsafe) private let values: UnsafeBufferPointer<Element>
  private let owner: any AnyObject & Sendable

  /// Copies these values.
  init(_ values: some Collection<Element>) {
    let builder = ColumnBuilder<Element>()
    builder.append(contentsOf: values)
    self = builder.finish()
  }

  /// Refers to values in memory that `owner` keeps.
  init(_ values: UnsafeBufferPointer<Element>, of owner: any AnyObject & Sendable) {
    (self.values, self.owner) = (values, owner)
  }

  var startIndex: Int { 0 }
  var endIndex: Int { values.count }

  subscript(index: Int) -> Element {
    precondition(values.indices.contains(index), "there is no value \(index) among \(values.count)")
    return values[index]
  }

  /// Calls `body` with the values' bytes.
  func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(owner) {} }
    return try body(UnsafeRawBufferPointer(values))
  }
}

/// Builds a column, on one thread.
///
/// A large column grows without copying (the allocator moves pages), and takes no more memory than it holds.
final class ColumnBuilder<Element: BitwiseCopyable & Sendable> {
  private var start: UnsafeMutablePointer<Element>?
  private var capacity = 0
  private(set) var count = 0

  deinit { free(start) }

  func append(_ value: Element) {
    reserve(count + 1)
    start?[count] = value
    count += 1
  }

  func append(contentsOf values: some Collection<Element>) {
    reserve(count + values.count)
    let rest = UnsafeMutableBufferPointer(start: start.map { $0 + count }, count: capacity - count)
    _ = rest.update(fromContentsOf: values)
    count += values.count
  }

  /// Returns the values so far and empties the builder.
  func finish() -> Column<Element> {
    defer { (start, capacity, count) = (nil, 0, 0) }
    if count > 0, let fitting = realloc(start, count * MemoryLayout<Element>.stride) {
      start = fitting.assumingMemoryBound(to: Element.self)
    }
    return Column(UnsafeBufferPointer(start: start, count: count), of: HeapMemory(start))
  }

  private func reserve(_ needed: Int) {
    guard needed > capacity else { return }
    capacity = Swift.max(needed, 2 * capacity, 16)
    guard let moved = realloc(start, capacity * MemoryLayout<Element>.stride) else {
      fatalError("no memory for \(capacity) values of an index")
    }
    start = moved.assumingMemoryBound(to: Element.self)
  }
}

/// A heap block that is freed with its last user.
private final class HeapMemory: Sendable {
  // Safe: only the address is stored, and it never changes.
  nonisolated(unsafe) private let start: UnsafeMutableRawPointer?

  init(_ start: UnsafeMutableRawPointer?) { self.start = start }

  deinit { free(start) }
}
