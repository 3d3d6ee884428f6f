/// A pickle as `torch.save` writes it, instruction by instruction; the end is added by whoever asks for the bytes.
public struct PickleWriter {
  /// The instructions so far.
  public var instructions: [UInt8] = [0x80, 2]

  /// A pickle without content.
  public init() {}

  /// The pickle, ended.
  public var bytes: [UInt8] { instructions + Array(".".utf8) }

  /// Adds instructions by their letters, as `}` or `tR`.
  public mutating func add(_ letters: String) { instructions += letters.utf8 }

  /// Pushes a text.
  public mutating func text(_ text: String) {
    instructions += Array("X".utf8) + fields(UInt32(text.utf8.count)) + Array(text.utf8)
  }

  /// Pushes a number of up to 64 bits.
  public mutating func integer(_ number: Int) { instructions += [0x8a, 8] + fields(number) }

  /// Pushes a tuple of numbers.
  public mutating func tuple(_ numbers: [Int]) {
    add("(")
    for number in numbers { integer(number) }
    add("t")
  }

  /// Pushes a Python object by its name.
  public mutating func global(_ module: String, _ name: String) { add("c\(module)\n\(name)\n") }

  /// Pushes a tensor over the float32 storage of that key.
  public mutating func tensor(
    storage key: String, count: Int, offset: Int = 0, shape: [Int], strides: [Int],
    type: String = "FloatStorage"
  ) {
    global("torch._utils", "_rebuild_tensor_v2")
    add("((")
    text("storage")
    global("torch", type)
    text(key)
    text("cpu")
    integer(count)
    add("tQ")
    integer(offset)
    tuple(shape)
    tuple(strides)
    instructions.append(0x89)
    global("collections", "OrderedDict")
    add(")RtR")
  }
}

/// A file of weights as PyTorch writes it: an `OrderedDict` under `model` or other keys, and an `argparse.Namespace` under
/// `args`.
public struct TorchFile {
  /// A tensor of float32.
  public struct Tensor {
    let name: String
    let shape: [Int]
    let values: [Float]

    /// A row-major tensor.
    public init(_ name: String, _ shape: [Int], _ values: [Float]) {
      self.name = name
      self.shape = shape
      self.values = values
    }
  }

  /// The whole file, to be changed before it is written.
  public static func archive(of tensors: [Tensor]) -> ZipWriter { archive(of: ["model": tensors]) }

  /// Likewise with several dictionaries of weights.
  public static func archive(of parts: KeyValuePairs<String, [Tensor]>) -> ZipWriter {
    ZipWriter(
      [ZipWriter.Entry("nano/data.pkl", pickle(of: parts).bytes)]
        + parts.flatMap(\.value).enumerated().map { index, tensor in
          ZipWriter.Entry("nano/data/\(index)", tensor.values.withUnsafeBytes(Array.init))
        })
  }

  private static func pickle(of parts: KeyValuePairs<String, [Tensor]>) -> PickleWriter {
    var pickle = PickleWriter()
    pickle.add("}(")
    var index = 0
    for (key, tensors) in parts {
      pickle.text(key)
      pickle.global("collections", "OrderedDict")
      pickle.add(")R(")
      for tensor in tensors {
        pickle.text(tensor.name)
        pickle.tensor(
          storage: String(index), count: tensor.values.count, shape: tensor.shape,
          strides: rowMajorStrides(tensor.shape))
        index += 1
      }
      pickle.add("u")
    }
    pickle.text("args")
    pickle.global("argparse", "Namespace")
    pickle.instructions += [0x29, 0x81]
    pickle.add("}")
    pickle.text("model")
    pickle.text("alt_gvt_nano")
    pickle.add("sbu")
    return pickle
  }

  private static func rowMajorStrides(_ shape: [Int]) -> [Int] {
    shape.indices.map { shape[($0 + 1)...].reduce(1, *) }
  }
}
