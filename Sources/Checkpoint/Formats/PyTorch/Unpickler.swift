/// Reads the pickles of weights without running anything.
///
/// A pickle is a program for a stack machine, and in Python it can call anything. This machine knows only the
/// instructions that `torch.save` writes and, of the objects they call, only those in `PickleGlobal`, whose
/// results it computes itself. Format: PEP 307 and Python's `pickletools`.
struct Unpickler {
  private var reader: ByteReader
  private var stack: [Pickle.Value] = []
  /// The stack's heights at the start of a tuple's, list's or dictionary's items.
  private var marks: [Int] = []
  private var memo: [UInt32: Pickle.Value] = [:]
  private var objects: [Pickle.Object] = []

  /// The limits of a pickle; a thousand layers with optimizer state take a tenth of each. Within them a
  /// pickle cannot use more than 200 MB of memory.
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

  /// A two's complement number of up to 64 bits, lowest byte first.
  private func long(_ bytes: UnsafeRawBufferPointer) throws(Refusal) -> Int {
    guard bytes.count <= 8 else { throw .malformed("its pickle has a number of \(bytes.count) bytes") }
    let negative = bytes.last.map { $0 >= 0x80 } ?? false
    var value = negative ? -1 : 0
    for byte in bytes.reversed() { value = value << 8 | Int(byte) }
    return value
  }

  /// Pushes a new object.
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

// The instructions' effects on objects. Only the calls handled here exist; a file cannot add others.
extension Unpickler {
  private mutating func append(_ items: [Pickle.Value], to list: Pickle.Value) throws(Refusal) {
    guard case .object(let place) = list, case .list(var members) = objects[place] else {
      throw .malformed("its pickle appends to what is no list")
    }
    // Taken out of `objects` while it grows, so that it is not copied.
    objects[place] = .opaque
    members += items
    objects[place] = .list(members)
  }

  private mutating func setItems(_ items: [Pickle.Value], of dictionary: Pickle.Value) throws(Refusal) {
    guard case .object(let place) = dictionary, case .dictionary(var entries) = objects[place],
      items.count.isMultiple(of: 2)
    else { throw .malformed("its pickle sets items of what is no dictionary") }
    objects[place] = .opaque
    for index in stride(from: 0, to: items.count, by: 2) {
      entries.append(Pickle.Entry(key: items[index], value: items[index + 1]))
    }
    objects[place] = .dictionary(entries)
  }

  /// `BINPERSID`: PyTorch's ("storage", type, key, location, elements).
  private func storage(_ identifier: Pickle.Value) throws(Refusal) -> Pickle.Storage {
    let parts = try tuple(identifier)
    guard parts.count == 5, parts[0] == .text("storage"), case .global(.storage(let type)) = parts[1],
      case .text(let key) = parts[2], case .integer(let count) = parts[4], count >= 0
    else { throw .malformed("its pickle refers to something that is no storage") }
    return Pickle.Storage(key: key, type: type, count: count)
  }

  /// `NEWOBJ`: a new `argparse.Namespace`, still without attributes.
  private func newObject(arguments: Pickle.Value, of maker: Pickle.Value) throws(Refusal) -> Pickle.Object {
    guard maker == .global(.namespace), try tuple(arguments).isEmpty else {
      throw .malformed("its pickle makes an object that weights do not need")
    }
    return .record(.none)
  }

  /// `REDUCE`: the result of a call that weights need.
  private func answer(arguments: Pickle.Value, to maker: Pickle.Value) throws(Refusal) -> Pickle.Object {
    guard case .global(let global) = maker else { throw .malformed("its pickle calls what cannot be called") }
    let arguments = try tuple(arguments)
    switch global {
    case .orderedDictionary where arguments.isEmpty: return .dictionary([])
    case .rebuildTensor where (6...7).contains(arguments.count): return .tensor(try tensor(arguments))
    case .rebuildParameter where arguments.count == 3: return .tensor(try rebuilt(arguments[0]))
    case .size where arguments.count == 1: return .tuple(try tuple(arguments[0]))
    case .device: return .opaque
    default: throw .malformed("its pickle makes a call that weights do not need")
    }
  }

  /// `BUILD`: sets the attributes of an `argparse.Namespace`; those of an `OrderedDict` are ignored.
  private mutating func build(state: Pickle.Value, of target: Pickle.Value) throws(Refusal) {
    guard case .object(let place) = target, case .object(let attributes) = state,
      case .dictionary = objects[attributes]
    else { throw .malformed("its pickle gives attributes to what has none") }
    switch objects[place] {
    case .record: objects[place] = .record(state)
    case .dictionary: break
    default: throw .malformed("its pickle gives attributes to what has none")
    }
  }

  /// Arguments (storage, offset, shape, strides, …); the rest concerns gradients.
  private func tensor(_ arguments: [Pickle.Value]) throws(Refusal) -> Pickle.Tensor {
    guard case .object(let place) = arguments[0], case .storage(let storage) = objects[place],
      case .integer(let offset) = arguments[1]
    else { throw .malformed("its pickle makes a tensor out of something else") }
    return Pickle.Tensor(
      storage: storage, offset: offset, shape: try integers(arguments[2]), strides: try integers(arguments[3])
    )
  }

  private func rebuilt(_ value: Pickle.Value) throws(Refusal) -> Pickle.Tensor {
    guard case .object(let place) = value, case .tensor(let tensor) = objects[place] else {
      throw .malformed("its pickle makes a parameter out of something else")
    }
    return tensor
  }

  private func integers(_ value: Pickle.Value) throws(Refusal) -> [Int] {
    let sides = try tuple(value)
    guard sides.count <= TensorView.mostSides else {
      throw .malformed("a tensor in it has \(sides.count) sides; at most \(TensorView.mostSides) are read")
    }
    return try sides.map { element throws(Refusal) in
      guard case .integer(let number) = element else { throw .malformed("a tensor's sides are no numbers") }
      return number
    }
  }

  private func tuple(_ value: Pickle.Value) throws(Refusal) -> [Pickle.Value] {
    guard case .object(let place) = value, case .tuple(let members) = objects[place] else {
      throw .malformed("its pickle has something else in the place of a tuple")
    }
    return members
  }
}
