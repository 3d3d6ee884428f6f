import Foundation
import Recipe
import TestSupport
import Testing

@testable import Worker

/// How a run knows its teacher again.
@Suite struct TeacherTests {
  @Test func `a teacher is known by what its file holds`() throws {
    let folder = try TemporaryFolder()
    let file = "\(folder.path)/best.safetensors"
    func checksum(of teacher: String, _ kind: Recipe.Distillation.Kind = .hard) throws -> String {
      var values = Recipe.Distillation()
      (values.teacher, values.kind) = (teacher, kind)
      return try values.checksumOfTeacher
    }
    try Data("123456789".utf8).write(to: URL(filePath: file))
    #expect(try checksum(of: file) == "e3069283")  // the checksum's own example
    #expect(try checksum(of: folder.path) == "e3069283")
    #expect(try checksum(of: file, .none).isEmpty)
    #expect(try checksum(of: "").isEmpty)
    #expect(throws: Failure.self) { try checksum(of: "\(folder.path)/none") }
  }
}
