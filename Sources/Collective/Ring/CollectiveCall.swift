internal import Wire

/// One call of a collective operation, as all ranks must agree on it.
struct CollectiveCall: Equatable, Sendable {
  /// The kind of call; the codes go over the wire.
  enum Operation: UInt8, Sendable {
    case hello = 1
    case allReduce = 2
    case broadcast = 3
    case allGather = 4
    case barrier = 5
    case farewell = 6
    case abort = 7
    case reduceScatter = 8
    case allGatherBlocks = 9
    case makeBuffer = 10
    case signOfLife = 11
    /// No call: the name of a failure that is seen between two operations. It is never sent.
    case betweenOperations = 12
  }

  /// The type of the elements; the codes go over the wire.
  enum Element: UInt8, Sendable {
    case byte = 1
    case float32 = 2
    case bfloat16 = 3
    case float16 = 4
  }

  let operation: UInt8
  let sequence: UInt64
  let element: UInt8
  let start: UInt64
  let count: UInt64
  let root: UInt16

  init(
    _ operation: Operation, sequence: UInt64, element: Element = .byte, range: Range<Int> = 0..<0,
    root: Int = 0
  ) {
    self.operation = operation.rawValue
    self.sequence = sequence
    self.element = element.rawValue
    start = UInt64(range.lowerBound)
    count = UInt64(range.count)
    self.root = UInt16(root)
  }

  /// Reads the call from a received header, whose codes may be unknown.
  init(of header: FrameHeader) {
    operation = header.operation
    sequence = header.sequence
    element = header.element
    start = header.start
    count = header.count
    root = header.root
  }

  /// Writes the call into a header that will be sent.
  func describe(in header: inout FrameHeader) {
    header.operation = operation
    header.sequence = sequence
    header.element = element
    header.start = start
    header.count = count
    header.root = root
  }

  /// The operation and its number, such as "all-reduce 17".
  var name: String {
    operation == Operation.betweenOperations.rawValue ? operationName : "\(operationName) \(sequence)"
  }
}

extension CollectiveCall: CustomStringConvertible {
  /// Everything that ranks must agree on, such as "all-reduce 17 of 1000 float32".
  var description: String {
    switch Operation(rawValue: operation) {
    case .allReduce, .reduceScatter, .allGatherBlocks, .makeBuffer:
      "\(name) of \(count) \(elementName)" + (start == 0 ? "" : " from \(start) on")
    case .broadcast: "\(name) of \(count) \(elementName) from rank \(root)"
    default: name
    }
  }

  private var operationName: String {
    switch Operation(rawValue: operation) {
    case .hello: "handshake"
    case .allReduce: "all-reduce"
    case .broadcast: "broadcast"
    case .allGather: "all-gather"
    case .barrier: "barrier"
    case .farewell: "farewell"
    case .abort: "abort"
    case .signOfLife: "sign of life"
    case .reduceScatter: "reduce-scatter"
    case .allGatherBlocks: "all-gather of blocks"
    case .makeBuffer: "make-buffer"
    case .betweenOperations: "between operations"
    case nil: "unknown operation of code \(operation), number"
    }
  }

  private var elementName: String {
    switch Element(rawValue: element) {
    case .byte: "bytes"
    case .float32: "float32"
    case .bfloat16: "bfloat16"
    case .float16: "float16"
    case nil: "elements of unknown code \(element)"
    }
  }
}
