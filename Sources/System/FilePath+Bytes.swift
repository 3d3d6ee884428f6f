public import SystemPackage

extension FilePath {
  /// The path as the file system knows it.
  public var bytes: [UInt8] {
    withPlatformString { Array(UnsafeRawBufferPointer(start: $0, count: length)) }
  }

  /// `name` below this path: one or several components as bytes, without a slash in front.
  public func appending(bytes name: some Sequence<UInt8>) -> FilePath {
    pushing(FilePath(platformString: name.map(CInterop.PlatformChar.init(bitPattern:)) + [0]))
  }
}
