extension StoredCheckpoint {
  /// Whether a folder is a checkpoint's by its name or by what is in it, whole or not.
  public static func isNamed(by folder: String) -> Bool {
    let disk = Disk()
    return disk.exists("\(folder)/\(Manifest.fileName)") || CheckpointName(Disk.split(folder).name) != nil
  }
}

extension CheckpointStore {
  /// What a run's output folder calls the folder of its checkpoints.
  private static let name = "checkpoints"

  /// The checkpoints of the run with this output folder.
  public init(ofRunIn output: String) {
    self.init(folder: "\(output)/\(Self.name)")
  }

  /// The store that a user means by a run's output folder or by the folder of its checkpoints; nil for any other path.
  public init?(naming path: String) {
    let disk = Disk()
    let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    guard !disk.exists("\(path)/\(Manifest.fileName)") else { return nil }
    if disk.exists("\(path)/\(Self.name)/.") {
      self.init(ofRunIn: path)
    } else if disk.exists("\(path)/."),
      Disk.split(path).name == Self.name
        || disk.names(in: path).contains(where: { CheckpointName($0) != nil })
    {
      self.init(folder: path)
    } else {
      return nil
    }
  }

  /// The output folder of the run; nil where the checkpoints lie by themselves.
  public var outputFolder: String? {
    let (output, name) = Disk.split(folder)
    return name == Self.name ? output : nil
  }

  /// Whether anything lies there that may be a checkpoint, beside what others put there, as `lost+found`.
  public var isBegun: Bool { disk.names(in: folder).contains { $0.hasPrefix("epoch-") } }

  /// The state of the newest checkpoint in which it is as it was written, and that checkpoint's folder; tensors are not
  /// looked at.
  public func newestState<State: Decodable>(_ type: State.Type) -> (state: State, folder: String)? {
    for entry in list().readable {
      let folder = path(of: entry.name)
      if let state = try? StoredCheckpoint.state(type, in: folder) { return (state, folder) }
    }
    return nil
  }
}
