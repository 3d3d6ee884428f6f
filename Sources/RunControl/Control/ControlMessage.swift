import FoundationEssentials
import System

/// A request to a running launcher: one line of JSON.
package struct ControlRequest: Codable, Equatable, Sendable {
  package let command: Command
  /// With `stop`: stop at once, without saving.
  package var now: Bool?

  package enum Command: String, Codable, Sendable {
    case status
    case stop
    case checkpoint
  }

  package init(command: Command, now: Bool? = nil) {
    (self.command, self.now) = (command, now)
  }
}

/// The launcher's answer: one line of JSON.
package struct ControlAnswer: Codable, Equatable, Sendable {
  /// Why the request was refused.
  package var error: String?
  /// The run's state after the request.
  package var status: RunStatus?

  package init(error: String? = nil, status: RunStatus? = nil) {
    (self.error, self.status) = (error, status)
  }
}

/// A message as one line of JSON with sorted keys in snake case.
package func controlLine(_ message: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.keyEncodingStrategy = .convertToSnakeCase
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(message), as: UTF8.self) + "\n"
}

/// Parses a line written by `controlLine`.
package func controlMessage<Message: Decodable>(_ type: Message.Type, _ line: some Collection<UInt8>) throws
  -> Message
{
  let decoder = JSONDecoder()
  decoder.keyDecodingStrategy = .convertFromSnakeCase
  return try decoder.decode(type, from: Data(line))
}
