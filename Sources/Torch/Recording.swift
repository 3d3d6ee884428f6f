import CTorch

/// A device's work recorded as a graph (a CUDA graph) and replayed with one launch.
///
/// A replay reads and writes the addresses of the recording. The caller must keep outside tensors that it
/// uses; tensors made inside live in the recording's own memory and get new content at each replay.
public final class Recording {
  private let handle: OpaquePointer

  /// Why a device cannot record this work, in the library's words.
  public struct Refusal: Error, CustomStringConvertible {
    /// The first line of the message.
    public let description: String
  }

  /// Records what `body` asks of `device`, which executes nothing of it before `replay()`.
  ///
  /// If recording is refused, no outside tensor has changed.
  public init(on device: Device, _ body: () -> Void) throws(Refusal) {
    var handle: OpaquePointer?
    guard ct_record_begin(device.kind.rawValue, Int32(device.index), &handle) == CT_DONE.rawValue,
      let handle
    else { throw .last }
    body()
    guard ct_record_end(handle) == CT_DONE.rawValue else {
      ct_recording_free(handle)
      throw .last
    }
    self.handle = handle
  }

  deinit { ct_recording_free(handle) }

  /// Launches the recorded work on the current content of its memory, and returns at once.
  public func replay(file: StaticString = #fileID, line: UInt = #line) {
    check(ct_replay(handle), file, line)
  }
}

extension Recording.Refusal {
  /// The reason of the last refused call.
  fileprivate static var last: Self {
    Self(description: String(String(cString: ct_last_error()).prefix { $0 != "\n" }))
  }
}
