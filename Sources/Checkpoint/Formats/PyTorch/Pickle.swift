/// What a pickle describes: values, and the objects that they point to.
///
/// Objects refer to each other by number, not by reference: nothing is followed that nobody asks for, so neither a list
/// in itself nor one in a million others costs more than its bytes.
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
    /// A place in `objects`.
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
    /// Something without use here, as a device.
    case opaque
  }

  struct Entry: Equatable {
    let key: Value
    let value: Value
  }

  /// The numbers that tensors share.
  struct Storage: Equatable {
    /// The name of the archive's entry under `data/`.
    let key: String
    let type: ElementType
    /// Elements, not bytes.
    let count: Int
  }

  /// A tensor as the file describes it, not yet checked; all counts are in elements.
  struct Tensor: Equatable {
    let storage: Storage
    let offset: Int
    let shape: [Int]
    let strides: [Int]
  }
}

extension Pickle {
  /// The entries of a dictionary, or the attributes of a record; nil for any other value.
  func entries(of value: Value) -> [Entry]? {
    switch object(value) {
    case .dictionary(let entries): entries
    case .record(let attributes):
      if case .dictionary(let entries) = object(attributes) { entries } else { nil }
    default: nil
    }
  }

  /// What a dictionary or record holds under a name.
  func value(_ key: String, in value: Value) -> Value? {
    entries(of: value)?.last { $0.key == .text(key) }?.value
  }

  /// The tensors of a dictionary, with their keys, in its order.
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
