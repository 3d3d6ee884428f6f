import Drawing
import Glibc
import RunControl
import System

/// The part of NVIDIA's management library (NVML) that the launcher calls; loaded with dlopen(3), since only
/// machines with a driver have it.
///
/// A call may hang when a card has fallen off its bus, so only one thread makes calls (`CardMonitor`).
struct NVML {
  /// NVML's handle of a card.
  typealias Handle = OpaquePointer

  private typealias Plain = @convention(c) () -> CInt
  private typealias ByNumber = @convention(c) (CUnsignedInt, UnsafeMutablePointer<Handle?>) -> CInt
  private typealias Text = @convention(c) (Handle, UnsafeMutablePointer<CChar>, CUnsignedInt) -> CInt
  private typealias Count = @convention(c) (UnsafeMutablePointer<CUnsignedInt>) -> CInt
  private typealias Number = @convention(c) (Handle, UnsafeMutablePointer<CUnsignedInt>) -> CInt
  private typealias Sensor = @convention(c) (Handle, CInt, UnsafeMutablePointer<CUnsignedInt>) -> CInt
  private typealias Reasons = @convention(c) (Handle, UnsafeMutablePointer<UInt64>) -> CInt
  private typealias Errors = @convention(c) (Handle, CInt, CInt, UnsafeMutablePointer<UInt64>) -> CInt
  private typealias MakeSet = @convention(c) (UnsafeMutablePointer<OpaquePointer?>) -> CInt
  private typealias Register = @convention(c) (Handle, UInt64, OpaquePointer) -> CInt
  private typealias Wait = @convention(c) (OpaquePointer, UnsafeMutableRawPointer, CUnsignedInt) -> CInt

  /// Never closed: the thread that uses the library may be inside it when the program ends.
  private let library: UnsafeMutableRawPointer
  /// The cards in the order of their PCI bus addresses.
  let handles: [Handle]
  /// The event set that reports the cards' errors; nil where the library offers none.
  private let events: OpaquePointer?

  /// Loads and initializes the library; nil where it is missing or does not initialize.
  init?(path: String) {
    guard let library = dlopen(path, RTLD_NOW) else { return nil }
    self.library = library
    func find<Function>(_ name: String, as _: Function.Type) -> Function? {
      dlsym(library, name).map { unsafeBitCast($0, to: Function.self) }
    }
    var count: CUnsignedInt = 0
    guard let start = find("nvmlInit_v2", as: Plain.self), start() == 0,
      let counted = find("nvmlDeviceGetCount_v2", as: Count.self), counted(&count) == 0,
      let byNumber = find("nvmlDeviceGetHandleByIndex_v2", as: ByNumber.self)
    else { return nil }
    handles = (0..<count).compactMap { number in
      var handle: Handle?
      return byNumber(number, &handle) == 0 ? handle : nil
    }
    // If a card that does not answer were left out, the cards after it would be numbered wrongly.
    guard handles.count == Int(count) else { return nil }
    var events: OpaquePointer?
    if let make = find("nvmlEventSetCreate", as: MakeSet.self), make(&events) == 0, let events,
      let register = find("nvmlDeviceRegisterEvents", as: Register.self)
    {
      for handle in handles { _ = register(handle, Self.criticalError, events) }
    }
    self.events = events
  }

  /// nvmlEventTypeXidCriticalError.
  private static let criticalError: UInt64 = 8

  /// Reads a card's values; nil for each that the card does not report.
  func reading(_ handle: Handle) -> CardReading {
    CardReading(
      name: text("nvmlDeviceGetName", handle), identifier: text("nvmlDeviceGetUUID", handle),
      celsius: temperature(handle),
      watts: number("nvmlDeviceGetPowerUsage", handle).map { Double($0) / 1000 },
      slowdowns: slowdowns(handle), memoryErrors: memoryErrors(handle))
  }

  /// Waits at most `milliseconds` for an Xid error; returns the card's index and the Xid's number.
  ///
  /// Returns nil when none came, and at once where the library cannot report any.
  func nextXid(within milliseconds: UInt32) -> (card: Int, xid: Int)? {
    // nvmlEventData_t: the card, the event's type and data, and the GPU and compute instance numbers.
    var data = (OpaquePointer?.none, UInt64(0), UInt64(0), CUnsignedInt(0), CUnsignedInt(0))
    guard let events, let wait = find("nvmlEventSetWait_v2", as: Wait.self),
      wait(events, &data, milliseconds) == 0, data.1 == Self.criticalError,
      let card = handles.firstIndex(where: { $0 == data.0 })
    else { return nil }
    return (card, Int(clamping: data.2))
  }

  private func find<Function>(_ name: String, as _: Function.Type) -> Function? {
    dlsym(library, name).map { unsafeBitCast($0, to: Function.self) }
  }

  private func text(_ name: String, _ handle: Handle) -> String? {
    var bytes = [CChar](repeating: 0, count: 96)
    guard let ask = find(name, as: Text.self), ask(handle, &bytes, CUnsignedInt(bytes.count)) == 0 else {
      return nil
    }
    return String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  private func number(_ name: String, _ handle: Handle) -> Int? {
    var value: CUnsignedInt = 0
    guard let ask = find(name, as: Number.self), ask(handle, &value) == 0 else { return nil }
    return Int(value)
  }

  private func temperature(_ handle: Handle) -> Int? {
    var value: CUnsignedInt = 0
    guard let ask = find("nvmlDeviceGetTemperature", as: Sensor.self), ask(handle, 0, &value) == 0 else {
      return nil
    }
    return Int(value)
  }

  private func memoryErrors(_ handle: Handle) -> Int? {
    var value: UInt64 = 0
    // Uncorrected errors since the driver was loaded.
    guard let ask = find("nvmlDeviceGetTotalEccErrors", as: Errors.self), ask(handle, 1, 0, &value) == 0
    else {
      return nil
    }
    return Int(clamping: value)
  }

  private func slowdowns(_ handle: Handle) -> [CardReading.Slowdown]? {
    var reasons: UInt64 = 0
    guard let ask = find("nvmlDeviceGetCurrentClocksThrottleReasons", as: Reasons.self),
      ask(handle, &reasons) == 0
    else { return nil }
    return CardReading.Slowdown.allCases.filter { reasons & $0.bits != 0 }
  }
}

extension CardReading.Slowdown {
  /// Bits of NvmlClocksEventReasons. Idle clocks and clocks that a user has set are not throttling.
  fileprivate var bits: UInt64 {
    switch self {
    case .power: 0x4
    case .hardware: 0x8
    case .heat: 0x20 | 0x40
    case .powerSupply: 0x80
    }
  }
}
