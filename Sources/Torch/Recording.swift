import CTorch

/// Work that a device has noted once, and does again as one launch: a CUDA graph.
///
/// Replayed, it reads and writes the same places as when it was recorded. Tensors from outside that it uses have to stay, with
/// whoever recorded it; those that it makes lie in memory of its own, and have new content after each replay.
public final class Recording {
  private let handle: OpaquePointer

  /// Why a device does not record, or not this, in its words.
  public struct Refusal: Error, CustomStringConvertible {
    /// The first line of them.
    public let description: String
  }

  /// Has `device` note what `body` asks of it, and do nothing of that before `replay`.
  ///
  /// Where something is refused no tensor from outside has changed.
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

  /// Has the device do the work, with what lies in its places now; returns when it was told.
  public func replay(file: StaticString = #fileID, line: UInt = #line) {
    check(ct_replay(handle), file, line)
  }
}

extension Recording.Refusal {
  /// What the last call was refused for.
  fileprivate static var last: Self {
    Self(description: String(String(cString: ct_last_error()).prefix { $0 != "\n" }))
  }
}
