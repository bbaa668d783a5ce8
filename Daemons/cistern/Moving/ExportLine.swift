// The format of an export: JSON, one object a line.
//
//     {"cistern_export":1,"release":"1.0.0"}
//     {"app":"board","epoch":"769d76f37941","position":13,"state":{"title":"Plan"},"version":12}
//     …
//     {"apps":200,"end":true}
//
// The first line says which format it is, the last one that nothing is missing. Epoch, version and position are those of the store that the
// states come from; another store gives its own. States are in canonical JSON, byte for byte as they were served.

import CisternClient
import Documents
import Fold

enum ExportLine {
    case header
    case application(ExportedApplication)
    /// With the number of applications.
    case end(Int)

    /// Raised when a reader of the one before would get something wrong.
    static let format = 1
    /// Bytes of a line: the largest state that a store can be set to keep, and what stands round it.
    static let maximumBytes = (64 << 20) + 4_096

    static var headerText: String {
        "{\"cistern_export\":\(format),\"release\":\(Document.string(CisternClient.version).text)}"
    }

    static func endText(_ count: Int) -> String { "{\"apps\":\(count),\"end\":true}" }

    init(_ bytes: ArraySlice<UInt8>, number: Int) throws(Failure) {
        let document: Document
        do {
            document = try Document(parsing: Array(bytes), limits: ParsingLimits(depth: ParsingLimits.maximumDepth))
        } catch {
            throw Failure(.data, "Line \(number) is not JSON: at byte \(error.offset), \(error.message).")
        }
        if let format = document["cistern_export"] {
            guard format.integerValue == Self.format else {
                throw Failure(
                    .data, "The export is of format \(format.text); this program reads \(Self.format).",
                    advice: "Use the “cistern” of the release that has written it, or a newer one.")
            }
            self = .header
        } else if document["end"]?.boolValue == true, let count = document["apps"]?.integerValue {
            self = .end(count)
        } else {
            guard let app = document["app"]?.stringValue, (try? ApplicationID(app)) != nil,
                let state = document["state"], let version = document["version"]?.integerValue,
                let position = document["position"]?.integerValue, let epoch = document["epoch"]?.stringValue
            else {
                throw Failure(
                    .data, "Line \(number) is none of an export: it has no app, state, epoch, version or position.")
            }
            self = .application(
                ExportedApplication(app: app, epoch: epoch, version: version, position: position, state: state))
        }
    }
}

/// One application at one moment.
struct ExportedApplication: Sendable {
    let app: String
    let epoch: String
    let version: Int
    let position: Int
    let state: Document

    /// Without the end of the line. The state is not copied into a document: it may be megabytes.
    static func line(app: String, _ state: State) -> [UInt8] {
        let head =
            "{\"app\":\"\(app)\",\"epoch\":\"\(state.version.epoch)\",\"position\":\(state.position.number),\"state\":"
        return Array(head.utf8) + state.json.bytes + Array(",\"version\":\(state.version.number)}".utf8)
    }
}
