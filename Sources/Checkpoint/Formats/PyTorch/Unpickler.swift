/// Reads the pickles of weights; runs nothing.
///
/// A pickle is a program for a small machine with a stack and a memo, and in Python it may call anything. This machine
/// knows the instructions that `torch.save` writes and, of what it may call, only the makers of `PickleGlobal`, which it
/// answers itself. Format: PEP 307 and Python's `pickletools`.
struct Unpickler {
  private var reader: ByteReader
  private var stack: [Pickle.Value] = []
  /// Heights of the stack where a tuple's, list's or dictionary's items begin.
  private var marks: [Int] = []
  private var memo: [UInt32: Pickle.Value] = [:]
  var objects: [Pickle.Object] = []

  /// The weights and optimizer state of a thousand layers take a tenth of each. What a pickle of this length and so many
  /// objects can be made to take is below 200 MB.
  private static let longestPickle = 8 << 20
  private static let mostObjects = 1 << 18
  private static let highestStack = 1 << 20

  /// Reads a whole pickle.
  static func read(_ bytes: UnsafeRawBufferPointer) throws(Refusal) -> Pickle {
    guard bytes.count <= longestPickle else {
      throw .malformed("its pickle has \(bytes.count) bytes; weights need less than \(longestPickle)")
    }
    var unpickler = Unpickler(reader: try ByteReader(bytes))
    return try unpickler.run()
  }

  private init(reader: ByteReader) { self.reader = reader }

  private mutating func run() throws(Refusal) -> Pickle {
    while true {
      let position = reader.position
      let byte = try reader.integer(UInt8.self)
      guard let opcode = PickleOpcode(rawValue: byte) else {
        throw .malformed(
          "its pickle has the instruction 0x\(String(byte, radix: 16)) at byte \(position), which weights saved by "
            + "torch.save with its own pickle protocol do not need")
      }
      if opcode == .stop { break }
      try perform(opcode)
    }
    return Pickle(root: try pop(), objects: objects)
  }

  private mutating func perform(_ opcode: PickleOpcode) throws(Refusal) {
    switch opcode {
    case .proto: _ = try reader.take(1)
    case .stop: break
    case .none, .newTrue, .newFalse, .binInt, .binInt1, .binInt2, .long1, .binFloat, .binUnicode, .global:
      try push(try constant(opcode))
    case .mark: try mark()
    case .emptyTuple: try push(.tuple([]))
    case .tuple: try push(.tuple(try popToMark()))
    case .tuple1: try push(.tuple(try pop(1)))
    case .tuple2: try push(.tuple(try pop(2)))
    case .tuple3: try push(.tuple(try pop(3)))
    case .emptyList: try push(.list([]))
    case .append: try append(try pop(1), to: try top())
    case .appends: try append(try popToMark(), to: try top())
    case .emptyDict: try push(.dictionary([]))
    case .setItem: try setItems(try pop(2), of: try top())
    case .setItems: try setItems(try popToMark(), of: try top())
    case .binPut: memo[UInt32(try reader.integer(UInt8.self))] = try top()
    case .longBinPut: memo[try reader.integer(UInt32.self)] = try top()
    case .binGet: try push(try remembered(UInt32(try reader.integer(UInt8.self))))
    case .longBinGet: try push(try remembered(try reader.integer(UInt32.self)))
    case .binPersID: try push(.storage(try storage(try pop())))
    case .newObj: try push(try newObject(arguments: try pop(), of: try pop()))
    case .reduce: try push(try answer(arguments: try pop(), to: try pop()))
    case .build: try build(state: try pop(), of: try top())
    }
  }
}

extension Unpickler {
  private mutating func constant(_ opcode: PickleOpcode) throws(Refusal) -> Pickle.Value {
    switch opcode {
    case .newTrue: .bool(true)
    case .newFalse: .bool(false)
    case .binInt: .integer(Int(try reader.integer(Int32.self)))
    case .binInt1: .integer(Int(try reader.integer(UInt8.self)))
    case .binInt2: .integer(Int(try reader.integer(UInt16.self)))
    case .long1: .integer(try long(try reader.take(Int(try reader.integer(UInt8.self)))))
    case .binFloat: .real(Double(bitPattern: try reader.integer(UInt64.self).byteSwapped))
    case .binUnicode: .text(try reader.text(try reader.count(UInt32.self)))
    case .global: .global(try PickleGlobal(module: try reader.line(), name: try reader.line()))
    default: .none
    }
  }

  /// A number of up to 64 bits in two's complement, lowest byte first.
  private func long(_ bytes: UnsafeRawBufferPointer) throws(Refusal) -> Int {
    guard bytes.count <= 8 else { throw .malformed("its pickle has a number of \(bytes.count) bytes") }
    let negative = bytes.last.map { $0 >= 0x80 } ?? false
    var value = negative ? -1 : 0
    for byte in bytes.reversed() { value = value << 8 | Int(byte) }
    return value
  }

  /// Puts a new object on the stack.
  private mutating func push(_ object: Pickle.Object) throws(Refusal) {
    guard objects.count < Self.mostObjects else { throw .malformed("its pickle has too many objects") }
    objects.append(object)
    try push(.object(objects.count - 1))
  }

  private mutating func push(_ value: Pickle.Value) throws(Refusal) {
    guard stack.count < Self.highestStack else {
      throw .malformed("its pickle holds too many values at once")
    }
    stack.append(value)
  }

  private mutating func mark() throws(Refusal) {
    guard marks.count < Self.highestStack else { throw .malformed("its pickle begins too much at once") }
    marks.append(stack.count)
  }

  private func top() throws(Refusal) -> Pickle.Value {
    guard let value = stack.last, stack.count > marks.last ?? 0 else {
      throw .malformed("its pickle takes from an empty stack")
    }
    return value
  }

  private mutating func pop() throws(Refusal) -> Pickle.Value {
    let value = try top()
    stack.removeLast()
    return value
  }

  private mutating func pop(_ count: Int) throws(Refusal) -> [Pickle.Value] {
    var values: [Pickle.Value] = []
    for _ in 0..<count { values.append(try pop()) }
    return values.reversed()
  }

  private mutating func popToMark() throws(Refusal) -> [Pickle.Value] {
    guard let mark = marks.popLast() else { throw .malformed("its pickle ends what it did not begin") }
    defer { stack.removeSubrange(mark...) }
    return Array(stack[mark...])
  }

  private func remembered(_ index: UInt32) throws(Refusal) -> Pickle.Value {
    guard let value = memo[index] else { throw .malformed("its pickle remembers what it has not met") }
    return value
  }
}
