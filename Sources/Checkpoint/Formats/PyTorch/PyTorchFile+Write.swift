import System

/// Writes weights as `torch.save({"model": state_dict, …}, path)` does, for programs that read only that.
public enum PyTorchWeights {
  /// Writes a file of float32 tensors, replacing an earlier one, which stays unchanged on any error.
  ///
  /// `torch.load` reads it with `weights_only=True`. Throws for tensors of 4 GiB or more, which need another
  /// kind of archive.
  ///
  /// - Parameter about: Further entries beside the weights.
  public static func write(
    _ tensors: [TensorView], about: [(key: String, value: PythonValue)] = [], to path: String
  ) throws(CheckpointError) {
    let bytes = tensors.reduce(0) { $0 + $1.bytes.count }
    guard tensors.allSatisfy({ $0.type == .float32 }), bytes < Int(UInt32.max) - 1 << 26 else {
      throw .badFile(path: path, reason: "only float32 weights of less than 4 GiB are written as .pth")
    }
    let pickle = StateDictPickle(tensors, about).bytes
    try AtomicFile.write(to: path) { writer throws(CheckpointError) in
      var archive = StoredZip()
      try archive.add("weights/data.pkl", pickle, to: &writer)
      try archive.add("weights/byteorder", Array("little".utf8), to: &writer)
      for (number, tensor) in tensors.enumerated() {
        try archive.add("weights/data/\(number)", tensor.bytes, to: &writer)
      }
      try archive.add("weights/version", Array("3\n".utf8), to: &writer)
      try writer.write(archive.directory)
    }
  }
}

/// A plain Python value.
public indirect enum PythonValue: Equatable, Sendable {
  case none
  case truth(Bool)
  case integer(Int)
  case real(Double)
  case text(String)
  case list([PythonValue])
  case dictionary([String: PythonValue])
}

/// The pickle of `{"model": OrderedDict(…), …}`, in protocol 2: each tensor's name, storage and shape.
private struct StateDictPickle {
  private(set) var bytes: [UInt8] = [0x80, 2]

  init(_ tensors: [TensorView], _ about: [(key: String, value: PythonValue)]) {
    add("}")
    text("model")
    dictionary()
    add("(")
    for (number, tensor) in tensors.enumerated() {
      text(tensor.name)
      self.tensor(tensor.shape, storage: number)
    }
    add("us")
    for (key, value) in about {
      text(key)
      self.value(value)
      add("s")
    }
    add(".")
  }

  private mutating func value(_ value: PythonValue) {
    switch value {
    case .none: add("N")
    case .truth(let truth): bytes.append(truth ? 0x88 : 0x89)
    case .integer(let number): integer(number)
    case .real(let number): bytes += [UInt8(ascii: "G")] + littleEndian(number.bitPattern).reversed()
    case .text(let text): self.text(text)
    case .list(let values):
      add("](")
      for value in values { self.value(value) }
      add("e")
    case .dictionary(let entries):
      add("}(")
      for (key, value) in entries.sorted(by: { $0.key < $1.key }) {
        text(key)
        self.value(value)
      }
      add("u")
    }
  }

  private mutating func tensor(_ shape: [Int], storage: Int) {
    global("torch._utils", "_rebuild_tensor_v2")
    add("((")
    text("storage")
    global("torch", "FloatStorage")
    text("\(storage)")
    text("cpu")
    integer(shape.reduce(1, *))
    add("tQ")
    integer(0)
    tuple(shape)
    tuple(shape.indices.map { shape[($0 + 1)...].reduce(1, *) })
    bytes.append(0x89)  // requires_grad=False
    dictionary()
    add("tR")
  }

  private mutating func dictionary() {
    global("collections", "OrderedDict")
    add(")R")
  }

  private mutating func add(_ instructions: String) { bytes += instructions.utf8 }
  private mutating func global(_ module: String, _ name: String) { add("c\(module)\n\(name)\n") }

  private mutating func text(_ text: String) {
    add("X")
    bytes += littleEndian(UInt32(text.utf8.count)) + text.utf8
  }

  private mutating func integer(_ number: Int) { bytes += [0x8a, 8] + littleEndian(number) }

  private mutating func tuple(_ numbers: [Int]) {
    add("(")
    for number in numbers { integer(number) }
    add("t")
  }
}

/// A zip archive of uncompressed entries, each aligned to 64 bytes as PyTorch's are.
private struct StoredZip {
  private var records: [UInt8] = []
  private var count = 0
  private var end = 0

  mutating func add(_ name: String, _ content: [UInt8], to writer: inout FileWriter) throws(CheckpointError) {
    // A typed error cannot pass through `withUnsafeBytes`.
    let result = content.withUnsafeBytes { bytes in
      Result { () throws(CheckpointError) in try add(name, bytes, to: &writer) }
    }
    try result.get()
  }

  mutating func add(
    _ name: String, _ content: UnsafeRawBufferPointer, to writer: inout FileWriter
  ) throws(CheckpointError) {
    let padding = (64 - (end + 30 + name.utf8.count + 4) % 64) % 64
    let size = UInt32(content.count)
    let sums = littleEndian(CRC32.checksum(of: content)) + littleEndian(size) + littleEndian(size)
    let header =
      littleEndian(0x0403_4b50 as UInt32) + Self.version + Self.stored + sums
      + littleEndian(UInt16(name.utf8.count)) + littleEndian(UInt16(padding + 4)) + name.utf8
      + "FB".utf8 + littleEndian(UInt16(padding)) + [UInt8](repeating: 0x5a, count: padding)
    records +=
      littleEndian(0x0201_4b50 as UInt32) + Self.version + Self.version + Self.stored + sums
      + littleEndian(UInt16(name.utf8.count)) + [UInt8](repeating: 0, count: 12)
      + littleEndian(UInt32(end)) + name.utf8
    count += 1
    end += header.count + content.count
    try writer.write(header)
    try writer.write(content)
  }

  /// The central directory, which comes last.
  var directory: [UInt8] {
    let number = littleEndian(UInt16(count))
    return records + littleEndian(0x0605_4b50 as UInt32) + [0, 0, 0, 0] + number + number
      + littleEndian(UInt32(records.count)) + littleEndian(UInt32(end)) + [0, 0]
  }

  /// The version needed to extract: none.
  private static let version = littleEndian(0 as UInt16)
  /// Flags, compression method and time, all zero.
  private static let stored = [UInt8](repeating: 0, count: 8)
}

private func littleEndian(_ number: some FixedWidthInteger) -> [UInt8] {
  withUnsafeBytes(of: number.littleEndian, Array.init)
}
