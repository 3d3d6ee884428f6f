import Foundation
import System
import TestSupport
import Testing

@testable import Launcher
@testable import RunControl

/// NVIDIA's library is one that is compiled here: two cards, of which the second meets an Xid.
@Suite struct CardMonitorTests {
  private let folder: String

  init() throws {
    folder = NSTemporaryDirectory() + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
  }

  private static let plain = """
    #include <cstring>
    #include <unistd.h>
    struct Card { int number; };
    static Card cards[2] = {{0}, {1}};
    extern "C" {
    int nvmlInit_v2() { return 0; }
    int nvmlDeviceGetCount_v2(unsigned *count) { *count = 2; return 0; }
    int nvmlDeviceGetHandleByIndex_v2(unsigned number, Card **card) { *card = &cards[number]; return 0; }
    }
    """

  private static let whole =
    plain + """

      extern "C" {
      int nvmlDeviceGetName(Card *, char *text, unsigned length) { strncpy(text, "NVIDIA H100", length); return 0; }
      int nvmlDeviceGetUUID(Card *card, char *text, unsigned length) {
        strncpy(text, card->number ? "GPU-1b" : "GPU-0a", length);
        return 0;
      }
      int nvmlDeviceGetTemperature(Card *card, int sensor, unsigned *value) {
        *value = sensor == 0 ? 60 + card->number : 0;
        return 0;
      }
      int nvmlDeviceGetPowerUsage(Card *, unsigned *value) { *value = 412300; return 0; }
      int nvmlDeviceGetCurrentClocksThrottleReasons(Card *card, unsigned long long *value) {
        *value = card->number ? 0x1 | 0x4 | 0x40 : 0x1;
        return 0;
      }
      int nvmlDeviceGetTotalEccErrors(Card *card, int type, int counter, unsigned long long *value) {
        *value = type == 1 && counter == 0 ? card->number : 99;
        return 0;
      }
      static int registered, waits;
      int nvmlEventSetCreate(void **set) { *set = &waits; return 0; }
      int nvmlDeviceRegisterEvents(Card *, unsigned long long types, void *) { registered += types == 8; return 0; }
      struct Event { Card *card; unsigned long long type, data; unsigned instance, part; };
      int nvmlEventSetWait_v2(void *, Event *event, unsigned milliseconds) {
        if (registered == 2 && ++waits <= 2) { *event = {&cards[1], 8, 79, 0, 0}; return 0; }
        usleep(1000 * milliseconds);
        return 10;
      }
      }
      """

  /// What the monitor finds, once it `holds`.
  private func readings(_ monitor: CardMonitor, _ holds: ([CardReading]) -> Bool) throws -> [CardReading] {
    let deadline = ContinuousClock.now + .seconds(30)
    while !holds(monitor.readings) {
      try #require(ContinuousClock.now < deadline, "\(monitor.readings)")
      sched_yield()
    }
    return monitor.readings
  }

  @Test func `what the cards say is read, with what the driver reports of them`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let library = try CompiledLibrary("libnvidia-ml.so.1", Self.whole, in: folder)
    let monitor = try #require(CardMonitor(library: library.path, interval: 0.01))
    let all = try readings(monitor) { $0.count == 2 && !$0[1].xids.isEmpty }
    #expect(all[0].text == "NVIDIA H100 (GPU-0a): 60 °C, 412 W")
    #expect(
      all[1].text == "NVIDIA H100 (GPU-1b): 61 °C, 412 W, slowed by its power limit and heat, "
        + "1 uncorrected memory error, Xid 79")
    // Each once, however often it is seen.
    let told = monitor.takeNews()
    let card =
      "card 1 (NVIDIA H100 (GPU-1b): 61 °C, 412 W, slowed by its power limit and heat, 1 uncorrected memory error"
    #expect(told.count == 3, "\(told)")
    #expect(told[0].hasPrefix("\(card)) is slowed by its power limit and heat; nvidia-smi -q"))
    #expect(told[1].hasPrefix("\(card)) has errors of its memory that were not corrected; "))
    #expect(told[2].hasPrefix("the driver reports Xid 79 of \(card), Xid 79); sudo dmesg"))
    _ = try readings(monitor) { _ in true }
    #expect(monitor.takeNews() == [])
    let cards = Cards(
      of: .nvidia, files: ["nvidia0", "nvidia1"], environment: ["CUDA_VISIBLE_DEVICES": "GPU-1"])
    #expect(monitor.reading(of: 0, among: cards, order: nil)?.xids == [79])
    #expect(monitor.reading(of: 1, among: cards, order: nil) == nil)
  }

  @Test func `what comes up later is told of when it does, and what comes and goes is not`() {
    var news = CardNews()
    news.look([CardReading(name: "A"), CardReading(name: "B", memoryErrors: 0)])
    #expect(news.take() == [])
    news.look([CardReading(name: "A"), CardReading(name: "B", slowdowns: [.heat], memoryErrors: 0)])
    #expect(news.take().map { $0.hasPrefix("card 1 (B: slowed by heat) is slowed by heat; ") } == [true])
    news.look([CardReading(name: "A"), CardReading(name: "B", slowdowns: [], memoryErrors: 0)])
    news.look([CardReading(name: "A"), CardReading(name: "B", slowdowns: [.heat], memoryErrors: 2)])
    #expect(news.take().map { $0.contains("errors of its memory") } == [true])
    news.look([CardReading(name: "A", xids: [79]), CardReading(name: "B", memoryErrors: 2, xids: [79])])
    #expect(news.take().count == 2)
  }

  @Test func `what a library cannot tell stays blank`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let library = try CompiledLibrary("libnvidia-ml.so.1", Self.plain, in: folder)
    let monitor = try #require(CardMonitor(library: library.path, interval: 0.01))
    let all = try readings(monitor) { $0.count == 2 }
    #expect(all == [CardReading(), CardReading()])
    #expect(all[0].text == nil)
  }

  @Test func `without the library nobody says anything`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    #expect(NVML(path: "\(folder)/libnvidia-ml.so.1") == nil)
  }

  @Test func `a card is found by its number only where all count alike`() {
    let (a, b) = (CardReading(name: "A", identifier: "GPU-0a"), CardReading(name: "B", identifier: "GPU-0b"))
    func place(_ visible: String?, _ number: Int, _ all: [CardReading], order: String? = nil) -> Int? {
      let cards = Cards(
        of: .nvidia, files: all.indices.map { "nvidia\($0)" },
        environment: visible.map { ["CUDA_VISIBLE_DEVICES": $0] } ?? [:])
      return CardMonitor.place(of: number, among: cards, in: all, order: order)
    }
    #expect(place(nil, 1, [a, a]) == 1)
    #expect(place("1,0", 0, [a, a]) == 1)
    #expect(place(nil, 1, [a, b]) == nil)
    #expect(place(nil, 1, [a, b], order: "PCI_BUS_ID") == 1)
    #expect(place(nil, 1, [a, b], order: "FASTEST_FIRST") == nil)
    #expect(place("GPU-0b", 0, [a, b]) == 1)
    #expect(place("GPU-0", 0, [a, b]) == nil)
    #expect(place("MIG-1", 0, [a, b]) == nil)
    #expect(place(nil, 2, [a, a]) == nil)
  }
}
