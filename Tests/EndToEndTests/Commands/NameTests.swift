import Foundation
import Testing

extension EndToEnd {
  /// Names that a file system tells apart and Swift's strings do not, or that are no text.
  @Suite struct NameTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    @Test func `classes that look alike are refused, and learned after the advised command`() throws {
      try run(
        """
        cd images && mv train/red-rows train/$'\\xc3\\x84pfel' && mv val/red-rows val/$'A\\xcc\\x88pfel'
        """)
      let refused = try ProgramRun(.worker, place.training("out"), in: place).finish()
      #expect(refused.status == Status.badData)
      #expect(refused.errors.contains(#""\u{c4}pfel" in"#) && refused.errors.contains(#""A\u{308}pfel" in"#))
      let advice = try #require(refused.errors.firstRange(of: "mv -nT "))
      try run(String(refused.errors[advice.lowerBound...]))
      let trained = try ProgramRun(.worker, place.training("out"), in: place).finish()
      #expect(trained.status == Status.done, "\(trained.errors)")
    }

    @Test func `names in another encoding are trained on, kept with the weights and shown masked`() throws {
      try run(
        """
        cd images && mv train/red-rows train/$'caf\\xe9' && mv val/red-rows val/$'caf\\xe9'
        mv train/blue-rows/1.png train/blue-rows/$'\\xff\\n.png'
        """)
      let trained = try ProgramRun(.worker, place.training("out"), in: place).finish()
      #expect(trained.status == Status.done, "\(trained.errors)")
      try run("cp out/best.safetensors $'a\\x1b[2Jb.safetensors'")
      let weights = place.folder + "/a\u{1b}[2Jb.safetensors"
      let evaluated = try ProgramRun(
        .worker, place.training("out", "--eval", "--resume", weights), in: place
      ).finish()
      #expect(evaluated.status == Status.done, "\(evaluated.errors)")
      #expect(evaluated.output.contains { $0.hasSuffix(#"/a\x1b[2Jb.safetensors"#) })
      let predicted = try run(
        "twins-worker predict --top 6 --weights out/best.safetensors images/val/blue-rows/1.png")
      #expect(predicted.output.first?.contains(#"caf\xe9 "#) == true, "\(predicted.output)")
    }

    @Test(arguments: ["twins-worker", "twins-launch"], [" ", "="])
    func `an argument that is no text is refused, and its advice works`(program: String, sign: String) throws
    {
      try run("mv images $'caf\\xe9'")
      let refused = try run("\(program) --data-path\(sign)$'caf\\xe9'", status: Status.usage)
      #expect(refused.errors.contains(#"the argument $'caf\xe9' is no UTF-8"#), "\(refused.errors)")
      let advice = try #require(refused.errors.firstRange(of: "ln -sr "))
      try run(refused.errors[advice.lowerBound...] + "\ntwins-worker dataset scan plain-name")
    }

    @discardableResult
    private func run(_ command: String, status: Int32 = Status.done) throws -> ProgramRun.End {
      let end = try ProgramRun(command: "cd \(place.folder) && \(command)", in: place).finish()
      #expect(end.status == status, "\(end.errors)")
      return end
    }
  }
}
