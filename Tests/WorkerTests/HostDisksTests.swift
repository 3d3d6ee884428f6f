import Foundation
import Testing

@testable import Checkpoint
@testable import Worker

@Suite struct HostDisksTests {
  private typealias Plan = HostDisks.Plan
  private typealias Reply = HostDisks.Reply

  /// The checkpoint that a store of a run saved as its `sequence`th.
  private func tag(_ sequence: Int, of run: String? = "a", _ text: String = "") -> CheckpointTag {
    let lineage = run.map { #""lineage":"\#($0)","# } ?? ""
    return CheckpointTag(
      name: "epoch-000\(sequence)",
      manifest: Data(#"{"version":1,"sequence":\#(sequence),\#(lineage)"files":[],"text":"\#(text)"}"#.utf8))
  }

  private let goesOn = HostDisks.Offer(probe: "p", goesOn: true)

  @Test func `on one disk all take what host 0 has, and no copies are kept`() throws {
    let shared = Reply(sharesDisk: true)
    let plan = try Plan(goesOn, newest: tag(3), [shared, shared], copies: 2)
    #expect(plan == Plan(goesOn: true, newest: tag(3)))
    #expect(plan.notes(copies: 1).isEmpty)
    #expect(plan.notes(copies: 2) == ["no effect beyond 1: --checkpoint-copies 2 (all hosts see one disk)"])
  }

  @Test func `hosts that have it not get it from host 0, whose word alone counts where no copies are kept`()
    throws
  {
    let plan = try Plan(
      goesOn, newest: tag(3), [Reply(newest: tag(3)), Reply(), Reply(newest: tag(5))], copies: 1)
    #expect((plan.newest, plan.source, plan.needers, plan.keepers) == (tag(3), 0, [2, 3], []))
    #expect(plan.notes(copies: 1).first == "checkpoint epoch-0003 goes from host 0 to hosts 2, 3")
    #expect(plan.notes(copies: 1).last?.contains("--checkpoint-copies 2") == true)
  }

  @Test func `where copies are kept the newest counts, wherever it is, and comes to host 0 too`() throws {
    let plan = try Plan(
      goesOn, newest: nil,
      [Reply(newest: tag(3), isBegun: true), Reply(newest: tag(5)), Reply(sharesDisk: true)], copies: 2)
    #expect((plan.newest, plan.source, plan.needers, plan.keepers) == (tag(5), 2, [0, 1], [1]))
    #expect(
      plan.notes(copies: 2) == [
        "checkpoint epoch-0005 goes from host 2 to hosts 0, 1", "host 1 will keep copies of the checkpoints",
      ])
    // Of two that are as new, host 0's.
    let even = try Plan(goesOn, newest: tag(5), [Reply(newest: tag(5, of: "a", "b"))], copies: 2)
    #expect((even.newest, even.source, even.needers) == (tag(5), 0, [1]))
  }

  @Test func `what another run has left is not gone on with, and no copies are laid beside it`() throws {
    let other = Reply(newest: tag(9, of: "b"), isBegun: true)
    let plan = try Plan(goesOn, newest: tag(3), [other, Reply(newest: tag(4), isBegun: true)], copies: 3)
    #expect((plan.newest, plan.source, plan.needers) == (tag(4), 2, [0, 1]))
    #expect((plan.keepers, plan.taken) == ([2], [1]))
    #expect(plan.notes(copies: 3).last?.hasPrefix("no copies are kept on host 1, ") == true)
    #expect(plan.obstacle(isFirst: false) != nil, "it would be laid beside what is there")
    // A checkpoint of one host says of no run on others.
    let single = try Plan(goesOn, newest: tag(3, of: nil), [other], copies: 2)
    #expect((single.newest, single.needers, single.taken) == (tag(3, of: nil), [1], [1]))
    #expect(throws: Failure.self) {
      try Plan(goesOn, newest: nil, [other, Reply(newest: tag(4), isBegun: true)], copies: 2)
    }
    // A later attempt knows its own.
    let own = HostDisks.Offer(probe: "p", goesOn: true, lineage: "a")
    let later = try Plan(own, newest: nil, [other, Reply(newest: tag(4), isBegun: true)], copies: 3)
    #expect((later.newest, later.source, later.taken) == (tag(4), 2, [1]))
  }

  @Test func `where no copies are kept, what another host has is named and not begun over`() throws {
    let replies = [Reply(), Reply(newest: tag(5), isBegun: true)]
    let plan = try Plan(goesOn, newest: nil, replies, copies: 1)
    #expect(plan.newest == nil)
    let obstacle = try #require(plan.obstacle(isFirst: true))
    #expect(
      obstacle.hasPrefix("host 0 has no whole checkpoint to go on from, and host 2 has one "), "\(obstacle)")
    #expect(obstacle.contains("Give --resume auto --checkpoint-copies 2 on every host"), "\(obstacle)")
    // What one host alone has saved is of no use to the others.
    let single = try Plan(goesOn, newest: nil, [Reply(newest: tag(5, of: nil), isBegun: true)], copies: 1)
    #expect(single.obstacle(isFirst: true)?.hasPrefix("host 1: there are checkpoints of another run") == true)
    #expect(try Plan(goesOn, newest: tag(3), replies, copies: 1).obstacle(isFirst: true) == nil)
  }

  @Test func `hosts that share a disk without host 0 have one writer there`() throws {
    let replies = [Reply(disk: "x"), Reply(disk: "x"), Reply(disk: "y"), Reply(), Reply(sharesDisk: true)]
    let plan = try Plan(goesOn, newest: tag(3), replies, copies: 3)
    #expect((plan.apart, plan.guests) == ([1, 3, 4], [2: 1]))
    #expect((plan.needers, plan.keepers) == ([1, 3, 4], [1, 3]))
    let begun = replies.map { reply in
      var reply = reply
      (reply.newest, reply.isBegun) = (reply.sharesDisk ? nil : tag(4), !reply.sharesDisk)
      return reply
    }
    let later = try Plan(goesOn, newest: tag(3), begun, copies: 2)
    #expect((later.newest, later.source, later.needers, later.keepers) == (tag(4), 1, [0], [1]))
  }

  @Test func `what is passed over is named with its host, and with what is taken in its place`() throws {
    let plan = try Plan(goesOn, newest: tag(3), [Reply(newest: tag(4))], copies: 2)
    #expect(
      plan.refusals([["/a: cut"], [], ["/b: changed", "/c: cut"]]) == [
        "not resumed from: host 0: /a: cut; epoch-0004 of host 1 is taken",
        "not resumed from: host 2: /b: changed; epoch-0004 of host 1 is taken",
        "not resumed from: host 2: /c: cut; epoch-0004 of host 1 is taken",
      ])
    #expect(Plan(goesOn: true).refusals([["/a: cut"]]) == ["not resumed from: host 0: /a: cut"])
  }

  @Test func `a run that begins takes nothing, and a keeper's disk has to be free`() throws {
    let begins = HostDisks.Offer(probe: "p", goesOn: false)
    let replies = [Reply(), Reply(isBegun: true)]
    let plan = try Plan(begins, newest: nil, replies, copies: 2)
    #expect((plan.newest, plan.needers, plan.keepers, plan.taken) == (nil, [], [1], [2]))
    #expect(plan.obstacle(isFirst: true)?.hasPrefix("host 2: there are checkpoints of another run") == true)
    #expect(plan.obstacle(isFirst: false) == nil, "nothing would go there")
    #expect(try Plan(begins, newest: nil, [Reply()], copies: 1).obstacle(isFirst: true) == nil)
    #expect(
      plan.notes(copies: 4).last
        == "no effect beyond 2: --checkpoint-copies 4 (disks of their own are on hosts 1, 2 alone)")
  }
}
