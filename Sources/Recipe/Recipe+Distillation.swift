extension Recipe {
  /// What is learnt from a network that knows the classes already (Hinton et al. 2015; Touvron et al. 2021).
  public struct Distillation: Codable, Equatable, Sendable {
    /// The teacher's weights: a file, or a run's folder; empty where there is no teacher.
    public var teacher = ""
    /// The CRC-32C of that file when the run started, in hexadecimal digits; empty without a teacher, and for checkpoints.
    public var weightsOfTeacher = ""
    /// The teacher's network, where its weights do not say it; empty where they do.
    public var model = ""
    /// What is learnt of its answers.
    public var kind = Kind.hard
    /// The teacher's part of the loss.
    public var share = 0.5
    /// What soft answers are divided by, which makes them softer.
    public var temperature = 1.0

    /// What is learnt of a teacher's answers, by DeiT's names.
    public enum Kind: String, Codable, Sendable, CaseIterable {
      /// Nothing.
      case none
      /// All its logits.
      case soft
      /// The class that it finds.
      case hard
    }

    /// No teacher.
    public init() {}

    /// Reads values; one that came later is the default where it is not there.
    public init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      teacher = try values.decode(String.self, forKey: .teacher)
      model = try values.decode(String.self, forKey: .model)
      kind = try values.decode(Kind.self, forKey: .kind)
      share = try values.decode(Double.self, forKey: .share)
      temperature = try values.decode(Double.self, forKey: .temperature)
      try values.readLater(&weightsOfTeacher, .weightsOfTeacher)
    }

    /// Whether there is one, from which something is learnt.
    public var isOn: Bool { !teacher.isEmpty && kind != .none }
  }
}
