import System

/// A node in a network's tree of names, in which its parameters are made.
///
/// `scope["blocks"][0]["attn"].parameter("weight", …)` makes `blocks.0.attn.weight`. All scopes of a network
/// share one list in the order of construction, so the order is the same on every rank.
public struct ParameterScope {
  private let roster: Roster
  private let prefix: String

  private final class Roster {
    var parameters: [Parameter] = []
    var names: Set<String> = []
    let device: Device
    let seed: UInt64

    init(device: Device, seed: UInt64) {
      self.device = device
      self.seed = seed
    }
  }

  /// Makes the root of a network's tree; `seed` and a weight's name determine its initial values.
  public init(on device: Device = .cpu, seed: UInt64 = 0) {
    roster = Roster(device: device, seed: seed)
    prefix = ""
  }

  private init(roster: Roster, prefix: String) {
    self.roster = roster
    self.prefix = prefix
  }

  /// The scope of a named part.
  public subscript(_ part: String) -> ParameterScope {
    ParameterScope(roster: roster, prefix: prefix + part + ".")
  }

  /// The scope of a numbered part.
  public subscript(_ index: Int) -> ParameterScope { self[String(index)] }

  /// Every parameter made so far in the whole tree, in the order of construction.
  public var parameters: [Parameter] { roster.parameters }

  /// The tensors of the parameters made so far in this scope and the scopes inside it.
  public var tensors: [Tensor] {
    roster.parameters.filter { $0.name.hasPrefix(prefix) }.map(\.tensor)
  }

  /// Makes a parameter in this scope; traps at the caller's line if the name is taken.
  ///
  /// By default `decays` follows the shape: matrices and kernels decay, vectors do not.
  public func parameter(
    _ name: String, _ shape: [Int], _ start: Initializer, decays: Bool? = nil,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let key = prefix + name
    require(roster.names.insert(key).inserted, "parameter \(key) is made twice", file, line)
    let tensor = Tensor.empty(shape, on: roster.device, file: file, line: line)
    switch start {
    case .constant(let value): tensor.fill(value)
    case .normal(let deviation):
      tensor.fillNormal(deviation: deviation, seed: roster.seed ^ fnv1a(key.utf8))
    }
    tensor.requireGradient()
    roster.parameters.append(Parameter(name: key, tensor: tensor, decays: decays ?? (shape.count > 1)))
    return tensor
  }
}

/// A trained tensor with its name in every file.
public struct Parameter {
  /// The key, equal to timm's: `blocks.0.1.attn.sr.weight`.
  public let name: String
  /// The values, float32, as an autograd leaf that requires a gradient.
  public let tensor: Tensor
  /// Whether weight decay applies to the parameter.
  public let decays: Bool
}

/// The initial values of a parameter.
public enum Initializer: Sendable {
  /// All elements equal.
  case constant(Double)
  /// A normal distribution with mean 0. The reference truncates it at ±2, a hundred standard deviations out.
  case normal(Double)
}
