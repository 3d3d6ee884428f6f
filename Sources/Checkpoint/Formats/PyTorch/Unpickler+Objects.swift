// What a pickle's instructions do to objects. Only the calls answered here exist; there is no way to add one.
extension Unpickler {
  mutating func append(_ items: [Pickle.Value], to list: Pickle.Value) throws(Refusal) {
    guard case .object(let place) = list, case .list(var members) = objects[place] else {
      throw .malformed("its pickle appends to what is no list")
    }
    // The list is taken out while it grows, so that it is not copied.
    objects[place] = .opaque
    members += items
    objects[place] = .list(members)
  }

  mutating func setItems(_ items: [Pickle.Value], of dictionary: Pickle.Value) throws(Refusal) {
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
  func storage(_ identifier: Pickle.Value) throws(Refusal) -> Pickle.Storage {
    let parts = try tuple(identifier)
    guard parts.count == 5, parts[0] == .text("storage"), case .global(.storage(let type)) = parts[1],
      case .text(let key) = parts[2], case .integer(let count) = parts[4], count >= 0
    else { throw .malformed("its pickle refers to something that is no storage") }
    return Pickle.Storage(key: key, type: type, count: count)
  }

  /// `NEWOBJ`: an `argparse.Namespace` to be, without attributes yet.
  func newObject(arguments: Pickle.Value, of maker: Pickle.Value) throws(Refusal) -> Pickle.Object {
    guard maker == .global(.namespace), try tuple(arguments).isEmpty else {
      throw .malformed("its pickle makes an object that weights do not need")
    }
    return .record(.none)
  }

  /// `REDUCE`: what a call that weights need would return.
  func answer(arguments: Pickle.Value, to maker: Pickle.Value) throws(Refusal) -> Pickle.Object {
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

  /// `BUILD`: the attributes of an `argparse.Namespace`; those of an `OrderedDict` are of no use here.
  mutating func build(state: Pickle.Value, of target: Pickle.Value) throws(Refusal) {
    guard case .object(let place) = target, case .object(let attributes) = state,
      case .dictionary = objects[attributes]
    else { throw .malformed("its pickle gives attributes to what has none") }
    switch objects[place] {
    case .record: objects[place] = .record(state)
    case .dictionary: break
    default: throw .malformed("its pickle gives attributes to what has none")
    }
  }

  /// (storage, offset, shape, strides, …), the rest being about gradients.
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
