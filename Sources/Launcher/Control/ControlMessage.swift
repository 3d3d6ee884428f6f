import FoundationEssentials

/// What somebody asks of a running launcher: one line of JSON.
struct ControlRequest: Codable, Equatable, Sendable {
  let command: Command
  /// With `stop`: at once, whatever is lost.
  var now: Bool?

  enum Command: String, Codable, Sendable {
    case status
    case stop
    case checkpoint
  }
}

/// What the launcher answers: one line of JSON.
struct ControlAnswer: Codable, Equatable, Sendable {
  /// Why the request was refused.
  var error: String?
  /// The run as it was after the request.
  var status: RunStatus?
}

/// A message as one line of JSON, keys in snake case and sorted.
func controlLine(_ message: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.keyEncodingStrategy = .convertToSnakeCase
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(message), as: UTF8.self) + "\n"
}

/// Reads a line that `controlLine` wrote.
func controlMessage<Message: Decodable>(_ type: Message.Type, _ line: some Collection<UInt8>) throws
  -> Message
{
  let decoder = JSONDecoder()
  decoder.keyDecodingStrategy = .convertFromSnakeCase
  return try decoder.decode(type, from: Data(line))
}
