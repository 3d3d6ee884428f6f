import Protobuf

/// A network in ONNX: a list of operations, with the values that they produce by name, and the weights.
///
/// Field numbers are those of onnx.proto; operations are of version 17 of the standard operator set.
public struct Graph {
  /// A named tensor that an operation takes or produces.
  public struct Value: Equatable, Sendable {
    let name: String
  }

  /// An attribute of an operation.
  public enum Attribute {
    /// An integer.
    case integer(Int)
    /// A list of integers.
    case integers([Int])
    /// A floating-point number.
    case real(Double)
  }

  /// The version of the operator set.
  static let operations = 17
  /// The file format version that came with it.
  static let format = 8

  private var nodes: [ProtobufMessage] = []
  private var weights: [ProtobufMessage] = []
  private var inputs: [ProtobufMessage] = []
  private var outputs: [ProtobufMessage] = []
  private var constants: [[Int]: Value] = [:]
  private var numbers: [Float: Value] = [:]
  private var indices: Set<Int> = []

  /// Makes an empty graph.
  public init() {}

  /// Adds an input; a nil dimension has any length and is named batch.
  public mutating func input(_ name: String, _ shape: [Int?]) -> Value {
    inputs.append(Self.description(of: name, shape))
    return Value(name: name)
  }

  /// Makes a value an output of the graph under a name.
  public mutating func output(_ value: Value, _ name: String, _ shape: [Int?]) {
    node("Identity", [value], name: name)
    outputs.append(Self.description(of: name, shape))
  }

  /// Adds float32 weights under a name.
  public mutating func weight(_ name: String, _ shape: [Int], _ values: [Float]) -> Value {
    precondition(shape.reduce(1, *) == values.count, "\(values.count) values of shape \(shape)")
    add(name, shape, kind: 1, values.withUnsafeBytes(Array.init))
    return Value(name: name)
  }

  /// Returns a constant vector of integers, adding it on first use.
  public mutating func integers(_ values: [Int]) -> Value {
    if let known = constants[values] { return known }
    let value = Value(name: "integers.\(constants.count)")
    add(value.name, [values.count], kind: 7, values.map(Int64.init).withUnsafeBytes(Array.init))
    constants[values] = value
    return value
  }

  /// Returns a constant integer, which as an index removes its dimension.
  public mutating func index(_ index: Int) -> Value {
    let value = Value(name: "index.\(index)")
    if indices.insert(index).inserted {
      add(value.name, [], kind: 7, [Int64(index)].withUnsafeBytes(Array.init))
    }
    return value
  }

  /// Returns a constant number, adding it on first use.
  public mutating func number(_ number: Double) -> Value {
    if let known = numbers[Float(number)] { return known }
    let value = weight("number.\(numbers.count)", [], [Float(number)])
    numbers[Float(number)] = value
    return value
  }

  /// Adds an operation and returns its result.
  public mutating func add(
    _ operation: String, _ inputs: Value..., with attributes: KeyValuePairs<String, Attribute> = [:]
  ) -> Value {
    let name = "\(operation.lowercased()).\(nodes.count)"
    node(operation, inputs, attributes, name: name)
    return Value(name: name)
  }

  /// Adds an operation that splits a value, and returns the parts.
  public mutating func split(_ value: Value, axis: Int, into sizes: [Int]) -> [Value] {
    let values = sizes.indices.map { Value(name: "split.\(nodes.count).\($0)") }
    var node = Self.node("Split", [value, integers(sizes)], ["axis": .integer(axis)])
    for value in values { node.add(2, value.name) }
    nodes.append(node)
    return values
  }

  private mutating func node(
    _ operation: String, _ inputs: [Value], _ attributes: KeyValuePairs<String, Attribute> = [:], name: String
  ) {
    var node = Self.node(operation, inputs, attributes)
    node.add(2, name)
    nodes.append(node)
  }

  private static func node(
    _ operation: String, _ inputs: [Value], _ attributes: KeyValuePairs<String, Attribute>
  ) -> ProtobufMessage {
    var node = ProtobufMessage()
    for input in inputs { node.add(1, input.name) }
    node.add(4, operation)
    for (name, attribute) in attributes { node.add(5, attribute.message(name)) }
    return node
  }

  /// Adds a tensor.
  ///
  /// - Parameter kind: ONNX's type number: 1 is float32, 7 is int64.
  private mutating func add(_ name: String, _ shape: [Int], kind: Int, _ bytes: [UInt8]) {
    var tensor = ProtobufMessage()
    for side in shape { tensor.add(1, side) }
    tensor.add(2, kind)
    tensor.add(8, name)
    tensor.add(9, bytes)
    weights.append(tensor)
  }

  private static func description(of name: String, _ shape: [Int?]) -> ProtobufMessage {
    var dimensions = ProtobufMessage()
    for side in shape {
      var dimension = ProtobufMessage()
      if let side { dimension.add(1, side) } else { dimension.add(2, "batch") }
      dimensions.add(1, dimension)
    }
    var tensor = ProtobufMessage()
    tensor.add(1, 1)
    tensor.add(2, dimensions)
    var type = ProtobufMessage()
    type.add(1, tensor)
    var value = ProtobufMessage()
    value.add(1, name)
    value.add(2, type)
    return value
  }
}

extension Graph {
  /// The bytes of a model file with this graph.
  ///
  /// - Parameters:
  /// - name: The graph's name.
  /// - producer: The producing program's name and version.
  /// - notes: Metadata by name.
  public func model(
    _ name: String, by producer: (name: String, version: String), notes: KeyValuePairs<String, String>
  ) -> [UInt8] {
    var graph = ProtobufMessage()
    for node in nodes { graph.add(1, node) }
    graph.add(2, name)
    for weight in weights { graph.add(5, weight) }
    for input in inputs { graph.add(11, input) }
    for output in outputs { graph.add(12, output) }
    var set = ProtobufMessage()
    set.add(1, "")
    set.add(2, Self.operations)
    var model = ProtobufMessage()
    model.add(1, Self.format)
    model.add(2, producer.name)
    model.add(3, producer.version)
    model.add(7, graph)
    model.add(8, set)
    for (key, value) in notes {
      var note = ProtobufMessage()
      note.add(1, key)
      note.add(2, value)
      model.add(14, note)
    }
    return model.bytes
  }
}

extension Graph.Attribute {
  fileprivate func message(_ name: String) -> ProtobufMessage {
    var message = ProtobufMessage()
    message.add(1, name)
    switch self {
    case .real(let value):
      message.add(2, Float(value))
      message.add(20, 1)
    case .integer(let value):
      message.add(3, value)
      message.add(20, 2)
    case .integers(let values):
      for value in values { message.add(8, value) }
      message.add(20, 7)
    }
    return message
  }
}
