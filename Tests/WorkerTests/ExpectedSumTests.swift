import Foundation
import SystemPackage
import Testing

@testable import Worker

@Suite struct ExpectedSumTests {
  private static let digits = "900150983cd24fb0d6963f7d28e17f72"

  @Test func `a sum is that of the only file, or of the one that is named`() throws {
    let only = try #require(ExpectedSum(argument: Self.digits))
    #expect(only.path(in: "a/b.tar") == "a/b.tar")
    let named = try #require(ExpectedSum(argument: "a=b.tar=\(Self.digits)"))
    #expect(named.file == "a=b.tar" && named.digits == Self.digits)
    let folder = FileManager.default.temporaryDirectory.path + "/sums-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    #expect(named.path(in: FilePath(folder)) == "a=b.tar")
    #expect(FileManager.default.createFile(atPath: "\(folder)/a=b.tar", contents: Data()))
    #expect(named.path(in: FilePath(folder)) == FilePath("\(folder)/a=b.tar"))
    #expect(named.path(in: FilePath("\(folder)/other.tar")) == FilePath("\(folder)/a=b.tar"))
  }

  @Test(arguments: ["", "abc", "=\(digits)", "\(digits)=", "a=\(digits)0", "a=\(digits.dropLast())x"])
  func `what is no sum is refused`(text: String) {
    #expect(ExpectedSum(argument: text) == nil)
  }
}
