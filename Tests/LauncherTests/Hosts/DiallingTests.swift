import Testing

@testable import Launcher

@Suite struct DiallingTests {
  private func verdict(after refusals: [Int], at second: Int, until deadline: Int = 600) -> Dialling.Verdict?
  {
    var dialling = Dialling(until: .seconds(deadline))
    for moment in refusals { _ = dialling.noteRefusal(at: .seconds(moment), isDialledOn: true) }
    return dialling.verdict(at: .seconds(second))
  }

  @Test func `nobody there is waited for until time is up`() {
    #expect(verdict(after: [], at: 599) == nil)
    #expect(verdict(after: [], at: 600) == .unanswered)
  }

  @Test func `who is refused again and again hears so after ten seconds`() {
    #expect(verdict(after: Array(3...12), at: 12) == nil)
    #expect(verdict(after: Array(3...13), at: 13) == .refused)
  }

  @Test func `time that is up while refused is no riddle`() {
    #expect(verdict(after: [1, 2], at: 3, until: 3) == .refused)
  }

  @Test func `a launcher that was held gives up later by as much`() {
    var dialling = Dialling(until: .seconds(3))
    dialling.postpone(by: .seconds(4))
    #expect(dialling.deadline == .seconds(7))
    #expect(dialling.verdict(at: .seconds(6)) == nil && dialling.verdict(at: .seconds(7)) == .unanswered)
  }

  @Test func `a refusal now and then, and one that was long ago, are none`() {
    #expect(verdict(after: [0, 30, 60, 90], at: 90) == nil)
    #expect(verdict(after: Array(0...8), at: 20) == nil)
    #expect(verdict(after: Array(0...8), at: 600) == .unanswered)
  }

  @Test
  func `connections that are closed without a reason prolong a refusal, and are none before time is up`() {
    var refusedOnce = Dialling(until: .seconds(600))
    _ = refusedOnce.noteRefusal(at: .zero, isDialledOn: false)
    var neverRefused = Dialling(until: .seconds(600))
    for moment in 1...10 {
      refusedOnce.noteDrop(at: .seconds(moment))
      neverRefused.noteDrop(at: .seconds(moment))
    }
    #expect(refusedOnce.verdict(at: .seconds(10)) == .refused)
    #expect(neverRefused.verdict(at: .seconds(10)) == nil)
    #expect(neverRefused.verdict(at: .seconds(600)) == .unanswered)
    for moment in 596...597 { neverRefused.noteDrop(at: .seconds(moment)) }
    #expect(neverRefused.verdict(at: .seconds(600)) == .unanswered)
    neverRefused.noteDrop(at: .seconds(598))
    #expect(neverRefused.verdict(at: .seconds(600)) == .refused)
  }

  @Test func `a connection begins anew, and what ZeroMQ does not dial again is dialled after a beat`() {
    var dialling = Dialling(until: .seconds(600))
    let isNews = [1, 2].map { dialling.noteRefusal(at: .seconds($0), isDialledOn: false) }
    let isDue = [2_999, 3_000, 4_000].map { dialling.takeDial(at: .milliseconds($0)) }
    dialling.noteConnection()
    let isNewsAgain = dialling.noteRefusal(at: .seconds(5), isDialledOn: true)
    #expect(isNews == [true, false] && isDue == [false, true, false] && isNewsAgain)
  }
}
