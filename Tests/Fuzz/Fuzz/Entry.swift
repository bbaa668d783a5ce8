// What libFuzzer calls with the bytes that it makes up; its library has the main function. FUZZ_TARGET says what they are.

import Foundation

enum Target: String, CaseIterable {
    case documents, patches, fold, replies, requests, messages, frames

    /// Ends the process if a promise is broken; for all else there are typed errors.
    func run(_ input: [UInt8]) {
        switch self {
        case .documents: fuzzDocuments(input)
        case .patches: fuzzPatches(input)
        case .fold: fuzzFold(input)
        case .replies: fuzzReplies(input)
        case .requests: fuzzRequests(input)
        case .messages: fuzzMessages(input)
        case .frames: fuzzFrames(input)
        }
    }

    static let chosen: Target = {
        let name = ProcessInfo.processInfo.environment["FUZZ_TARGET"] ?? ""
        guard let target = Target(rawValue: name) else {
            fatalError("FUZZ_TARGET is one of: \(Target.allCases.map(\.rawValue).joined(separator: " "))")
        }
        return target
    }()
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    Target.chosen.run([UInt8](UnsafeBufferPointer(start: bytes, count: count)))
    return 0
}

/// What is promised for every input.
func promise(_ isKept: @autoclosure () -> Bool, _ what: String) {
    guard isKept() else { fatalError(what) }
}
