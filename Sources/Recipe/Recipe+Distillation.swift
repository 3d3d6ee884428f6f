extension Recipe {
  /// Distillation: learning from a trained teacher network (Hinton et al. 2015; Touvron et al. 2021).
  public struct Distillation: Codable, Equatable, Sendable {
    /// The teacher's weights: a file or a run's folder; empty without a teacher.
    public var teacher = ""
    /// The CRC-32C of that file when the run started, in hexadecimal; empty without a teacher, and for
    /// checkpoints.
    public var weightsOfTeacher = ""
    /// The teacher's network, if its weights do not name it; otherwise empty.
    public var model = ""
    /// What is learnt from the teacher's output.
    public var kind = Kind.hard
    /// The distillation loss's share of the loss.
    public var share = 0.5
    /// The temperature of soft distillation.
    public var temperature = 1.0

    /// What is learnt from a teacher's output, by DeiT's names.
    public enum Kind: String, Codable, Sendable, CaseIterable {
      /// Nothing.
      case none
      /// Its logits.
      case soft
      /// Its predicted class.
      case hard
    }

    /// Makes values without a teacher.
    public init() {}

    /// Decodes values; those added in later versions have defaults.
    public init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      teacher = try values.decode(String.self, forKey: .teacher)
      model = try values.decode(String.self, forKey: .model)
      kind = try values.decode(Kind.self, forKey: .kind)
      share = try values.decode(Double.self, forKey: .share)
      temperature = try values.decode(Double.self, forKey: .temperature)
      try values.readLater(&weightsOfTeacher, .weightsOfTeacher)
    }

    /// Whether there is a teacher to learn from.
    public var isOn: Bool { !teacher.isEmpty && kind != .none }
  }
}
