import CTorch
import System

/// An n-dimensional array of numbers on a device, with its autograd history.
///
/// It is a reference to libtorch's tensor: copies of the reference share the elements. It is not `Sendable`:
/// one thread trains. Misuse, such as shapes that do not fit, traps with libtorch's message, at the caller's
/// line except in operators.
public final class Tensor {
  private let own: OpaquePointer

  /// Is called before each use of the elements or of the history, such as to wait for values on their way.
  public var beforeUse: (() -> Void)?

  /// libtorch's tensor, for an operation.
  var handle: OpaquePointer {
    beforeUse?()
    return own
  }

  init(taking handle: OpaquePointer) { own = handle }

  deinit { ct_free(own) }

  /// Number of dimensions.
  public var rank: Int { Int(ct_rank(own)) }

  /// Number of elements.
  public var count: Int { Int(ct_count(own)) }

  /// Length of each dimension.
  public var shape: [Int] { (0..<Int32(ct_rank(own))).map { Int(ct_size(own, $0)) } }

  /// The elements' type.
  public var dtype: DType {
    guard let type = DType(rawValue: ct_dtype_of(own)) else {
      fatalError("libtorch's element type \(ct_dtype_of(own)) has no name here")
    }
    return type
  }
}

extension Tensor {
  /// Where the elements are.
  public var device: Device {
    var index: Int32 = 0
    let kind = ct_device_of(own, &index)
    guard let kind = Device.Kind(rawValue: kind) else {
      fatalError("libtorch's device type \(kind) has no name here")
    }
    return Device(kind, index: Int(index))
  }
}

// `fatalError` rather than `preconditionFailure`, which drops its message in a release build.

/// Traps at the caller's line with a message unless `holds`.
func require(_ holds: Bool, _ message: @autoclosure () -> String, _ file: StaticString, _ line: UInt) {
  if !holds { fatalError(message(), file: file, line: line) }
}

/// Traps at the caller's line with libtorch's message unless `status` is success; lack of memory and a card's
/// failure end the process with their own status.
func check(_ status: Int32, _ file: StaticString, _ line: UInt) {
  guard status != CT_DONE.rawValue else { return }
  let message = String(cString: ct_last_error())
  if let failure = DeviceFailure(status: status, message) { failure.end() }
  if let shortage = Shortage(libtorch: message) { shortage.end() }
  fatalError(message, file: file, line: line)
}

extension Shortage {
  /// Makes nil from a message about anything but the host's memory.
  ///
  /// oneDNN only says that it "could not create a primitive"; under a limit on address space, memory is the
  /// cause.
  init?(libtorch message: String, limits: Limits = .now) {
    let isMemory = ["can't allocate memory", "std::bad_alloc"].contains { message.contains($0) }
    let isLikely = limits.addressSpace != nil && message.contains("could not create a primitive")
    guard isMemory || isLikely else { return nil }
    self.init(.memory, for: "a tensor (\(message.prefix { $0 != "\n" }))", limits: limits)
  }
}

/// Returns the tensor handle that `make` writes to its out-pointer; traps at the caller's line on failure.
func newHandle(
  _ file: StaticString, _ line: UInt, _ make: (UnsafeMutablePointer<OpaquePointer?>) -> Int32
) -> OpaquePointer {
  var handle: OpaquePointer?
  check(make(&handle), file, line)
  guard let handle else { fatalError("libtorch gave no tensor", file: file, line: line) }
  return handle
}

/// Returns the tensor whose handle `make` writes to its out-pointer; traps at the caller's line on failure.
func tensor(
  _ file: StaticString, _ line: UInt, _ make: (UnsafeMutablePointer<OpaquePointer?>) -> Int32
) -> Tensor {
  Tensor(taking: newHandle(file, line, make))
}
