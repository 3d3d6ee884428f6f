import Protobuf

/// A network as ONNX has it: operations in order, the values that they make by name, and the weights.
///
/// Field numbers are those of onnx.proto; operations are those of version 17 of its standard set.
public struct Graph {
  /// A tensor that an operation takes or makes, by its name.
  public struct Value: Equatable, Sendable {
    let name: String
  }

  /// What an operation is told beside its inputs.
  public enum Attribute {
    /// A whole number.
    case integer(Int)
    /// Whole numbers.
    case integers([Int])
    /// A number.
    case real(Double)
  }

  /// The set of operations.
  static let operations = 17
  /// The version of the format that came with it.
  static let format = 8

  private var nodes: [ProtobufMessage] = []
  private var weights: [ProtobufMessage] = []
  private var inputs: [ProtobufMessage] = []
  private var outputs: [ProtobufMessage] = []
  private var constants: [[Int]: Value] = [:]
  private var numbers: [Float: Value] = [:]
  private var indices: Set<Int> = []

  /// A graph without operations.
  public init() {}

  /// A value that whoever runs the graph gives; a dimension of nil has any size, and is called batch.
  public mutating func input(_ name: String, _ shape: [Int?]) -> Value {
    inputs.append(Self.description(of: name, shape))
    return Value(name: name)
  }

  /// Names a value as what the graph comes to.
  public mutating func output(_ value: Value, _ name: String, _ shape: [Int?]) {
    node("Identity", [value], name: name)
    outputs.append(Self.description(of: name, shape))
  }

  /// Adds float32 weights under a name of their own.
  public mutating func weight(_ name: String, _ shape: [Int], _ values: [Float]) -> Value {
    precondition(shape.reduce(1, *) == values.count, "\(values.count) values of shape \(shape)")
    add(name, shape, kind: 1, values.withUnsafeBytes(Array.init))
    return Value(name: name)
  }

  /// A vector of whole numbers; the same one each time that it is asked for.
  public mutating func integers(_ values: [Int]) -> Value {
    if let known = constants[values] { return known }
    let value = Value(name: "integers.\(constants.count)")
    add(value.name, [values.count], kind: 7, values.map(Int64.init).withUnsafeBytes(Array.init))
    constants[values] = value
    return value
  }

  /// A whole number, which takes its place's dimension away where it says which one of them.
  public mutating func index(_ index: Int) -> Value {
    let value = Value(name: "index.\(index)")
    if indices.insert(index).inserted {
      add(value.name, [], kind: 7, [Int64(index)].withUnsafeBytes(Array.init))
    }
    return value
  }

  /// A number; the same one each time that it is asked for.
  public mutating func number(_ number: Double) -> Value {
    if let known = numbers[Float(number)] { return known }
    let value = weight("number.\(numbers.count)", [], [Float(number)])
    numbers[Float(number)] = value
    return value
  }

  /// Adds an operation; the value that it makes.
  public mutating func add(
    _ operation: String, _ inputs: Value..., with attributes: KeyValuePairs<String, Attribute> = [:]
  ) -> Value {
    let name = "\(operation.lowercased()).\(nodes.count)"
    node(operation, inputs, attributes, name: name)
    return Value(name: name)
  }

  /// Adds an operation that makes several values.
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

  /// - Parameter kind: 1 is float32, 7 is whole numbers of 64 bits.
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
  /// The file of a model that is this graph.
  ///
  /// - Parameters:
  ///   - name: What the graph is called.
  ///   - producer: Who made it, and of which version.
  ///   - notes: Texts for whoever runs it, by their names.
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
