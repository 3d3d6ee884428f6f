import Protobuf

/// An event for TensorBoard: values at a step of a run, with their time.
///
/// Field numbers are those of TensorFlow's event.proto and summary.proto.
public struct Event {
  /// Seconds since 1970.
  public var time: Double
  /// The position on the horizontal axis.
  public var step: Int
  private let content: Content

  private enum Content {
    case version
    case values([SummaryValue])
  }

  /// Makes an event with values at a step.
  public init(_ values: [SummaryValue], step: Int, at time: Double) {
    (self.time, self.step, content) = (time, step, .values(values))
  }

  /// The first event of every file.
  public static func beginning(at time: Double) -> Event { Event(time: time, step: 0, content: .version) }

  private init(time: Double, step: Int, content: Content) {
    (self.time, self.step, self.content) = (time, step, content)
  }

  /// The event as a record of an event file: length, its checksum, message, its checksum.
  public var record: [UInt8] { Record.framed(message.bytes) }

  private var message: ProtobufMessage {
    var message = ProtobufMessage()
    message.add(1, time)
    if step != 0 { message.add(2, step) }
    switch content {
    case .version: message.add(3, "brain.Event:2")
    case .values(let values):
      var summary = ProtobufMessage()
      for value in values { summary.add(1, value.message) }
      message.add(5, summary)
    }
    return message
  }
}

/// One value of an event, with the tag under which TensorBoard shows it.
///
/// Tags with the same word before a slash share a section of the page.
public enum SummaryValue {
  /// A point of a curve.
  case scalar(_ tag: String, Double)
  /// A picture as a PNG file.
  case image(_ tag: String, width: Int, height: Int, png: [UInt8])
  /// A Markdown text.
  case text(_ tag: String, String)
  /// The run's settings, for the table of runs: names with texts or numbers.
  case hyperparameters([(name: String, value: Hyperparameter)])

  /// The value of a setting.
  public enum Hyperparameter: Equatable, Sendable {
    case number(Double)
    case text(String)
    case truth(Bool)
  }

  var message: ProtobufMessage {
    var message = ProtobufMessage()
    switch self {
    case .scalar(let tag, let value):
      message.add(1, tag)
      message.add(2, Float(value))
    case .image(let tag, let width, let height, let png):
      var image = ProtobufMessage()
      image.add(1, height)
      image.add(2, width)
      image.add(3, 3)  // red, green and blue
      image.add(4, png)
      message.add(1, tag)
      message.add(4, image)
    case .text(let tag, let text):
      message.add(1, tag)
      message.add(8, Self.tensor(text))
      message.add(9, Self.plugin("text", ProtobufMessage()))
    case .hyperparameters(let values):
      message.add(1, "_hparams_/session_start_info")
      message.add(9, Self.plugin("hparams", Self.sessionStart(values)))
    }
    return message
  }

  /// A TensorProto without dimensions.
  private static func tensor(_ text: String) -> ProtobufMessage {
    var tensor = ProtobufMessage()
    tensor.add(1, 7)  // DT_STRING
    tensor.add(2, ProtobufMessage())
    tensor.add(8, text)
    return tensor
  }

  private static func plugin(_ name: String, _ content: ProtobufMessage) -> ProtobufMessage {
    var data = ProtobufMessage()
    data.add(1, name)
    data.add(2, content)
    var metadata = ProtobufMessage()
    metadata.add(1, data)
    return metadata
  }

  /// The plug-in's message (plugin_data.proto): a map from names to google.protobuf.Value.
  private static func sessionStart(_ values: [(name: String, value: Hyperparameter)]) -> ProtobufMessage {
    var start = ProtobufMessage()
    for (name, value) in values {
      var entry = ProtobufMessage()
      entry.add(1, name)
      entry.add(2, value.message)
      start.add(1, entry)
    }
    var data = ProtobufMessage()
    data.add(3, start)
    return data
  }
}

extension SummaryValue.Hyperparameter {
  fileprivate var message: ProtobufMessage {
    var message = ProtobufMessage()
    switch self {
    case .number(let value): message.add(2, value)
    case .text(let value): message.add(3, value)
    case .truth(let value): message.add(4, value ? 1 : 0)
    }
    return message
  }
}
