/// The content of a pickle: values, and the objects that they refer to.
///
/// Objects refer to each other by number and are followed only on request, so neither a list that contains
/// itself nor one referenced a million times costs more than its bytes.
struct Pickle {
  let root: Value
  let objects: [Object]

  enum Value: Equatable {
    case none
    case bool(Bool)
    case integer(Int)
    case real(Double)
    case text(String)
    case global(PickleGlobal)
    /// An index in `objects`.
    case object(Int)
  }

  enum Object: Equatable {
    case tuple([Value])
    case list([Value])
    /// A `dict` or an `OrderedDict`.
    case dictionary([Entry])
    /// An `argparse.Namespace`; its attributes are a dictionary.
    case record(Value)
    case storage(Storage)
    case tensor(Tensor)
    /// An object without use here, such as a device.
    case opaque
  }

  struct Entry: Equatable {
    let key: Value
    let value: Value
  }

  /// A block of numbers that tensors can share.
  struct Storage: Equatable {
    /// The name of the archive's entry under `data/`.
    let key: String
    let type: ElementType
    /// The number of elements, not bytes.
    let count: Int
  }

  /// A tensor as described in the file, not yet checked; all counts are in elements.
  struct Tensor: Equatable {
    let storage: Storage
    let offset: Int
    let shape: [Int]
    let strides: [Int]
  }

  /// The entries of a dictionary, or the attributes of a record; nil for any other value.
  func entries(of value: Value) -> [Entry]? {
    switch object(value) {
    case .dictionary(let entries): entries
    case .record(let attributes):
      if case .dictionary(let entries) = object(attributes) { entries } else { nil }
    default: nil
    }
  }

  /// The value of a key in a dictionary or record.
  func value(_ key: String, in value: Value) -> Value? {
    entries(of: value)?.last { $0.key == .text(key) }?.value
  }

  /// The items of a list or a tuple; nil for any other value.
  func items(of value: Value) -> [Value]? {
    switch object(value) {
    case .list(let items), .tuple(let items): items
    default: nil
    }
  }

  /// The tensors in a dictionary with their keys, in its order.
  func tensors(of value: Value) -> [(name: String, tensor: Tensor)] {
    (entries(of: value) ?? []).compactMap { entry in
      guard case .text(let name) = entry.key, case .tensor(let tensor) = object(entry.value) else {
        return nil
      }
      return (name, tensor)
    }
  }

  private func object(_ value: Value) -> Object? {
    guard case .object(let place) = value else { return nil }
    return objects[place]
  }
}

/// The Python objects that a file of weights may name; none is ever called.
enum PickleGlobal: Equatable {
  case orderedDictionary
  case namespace
  case rebuildTensor
  case rebuildParameter
  case size
  case device
  case storage(ElementType)

  /// Finds the object of that module and name; throws for all others.
  init(module: String, name: String) throws(Refusal) {
    switch (module, name) {
    case ("collections", "OrderedDict"): self = .orderedDictionary
    case ("argparse", "Namespace"): self = .namespace
    case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensor
    case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
    case ("torch", "Size"): self = .size
    case ("torch", "device"): self = .device
    case ("torch", _):
      guard let type = Self.storages[name] else { throw .foreign(global: "\(module).\(name)".printable) }
      self = .storage(type)
    default: throw .foreign(global: "\(module).\(name)".printable)
    }
  }

  private static let storages: [String: ElementType] = [
    "DoubleStorage": .float64, "FloatStorage": .float32, "HalfStorage": .float16,
    "BFloat16Storage": .bfloat16,
    "LongStorage": .int64, "IntStorage": .int32, "ByteStorage": .uint8, "BoolStorage": .bool,
  ]
}

/// The instructions of pickle protocol 2 that `torch.save` writes, named as in Python's `pickletools`.
enum PickleOpcode: UInt8 {
  case proto = 0x80
  case stop = 0x2e  // .

  case none = 0x4e  // N
  case newTrue = 0x88
  case newFalse = 0x89
  case binInt = 0x4a  // J
  case binInt1 = 0x4b  // K
  case binInt2 = 0x4d  // M
  case long1 = 0x8a
  case binFloat = 0x47  // G
  case binUnicode = 0x58  // X
  case global = 0x63  // c

  case mark = 0x28  // (
  case emptyTuple = 0x29  // )
  case tuple = 0x74  // t
  case tuple1 = 0x85
  case tuple2 = 0x86
  case tuple3 = 0x87
  case emptyList = 0x5d  // ]
  case append = 0x61  // a
  case appends = 0x65  // e
  case emptyDict = 0x7d  // }
  case setItem = 0x73  // s
  case setItems = 0x75  // u

  case binPut = 0x71  // q
  case longBinPut = 0x72  // r
  case binGet = 0x68  // h
  case longBinGet = 0x6a  // j

  case binPersID = 0x51  // Q
  case newObj = 0x81
  case reduce = 0x52  // R
  case build = 0x62  // b
}
