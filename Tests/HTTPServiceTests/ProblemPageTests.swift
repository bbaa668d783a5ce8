import Documents
import Foundation
import HTTPTypes
import Testing

@testable import HTTPService

@Suite("Pages about problems")
struct ProblemPageTests {
    /// The project's folder: this file stands in Tests/HTTPServiceTests.
    private static let project = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The text of all Swift files of the product, but for those that make up the table itself.
    private static func sources() throws -> String {
        var text = ""
        for folder in ["Sources", "Daemons"] {
            let files = try #require(FileManager.default.enumerator(atPath: project.path + "/" + folder))
            for case let name as String in files where name.hasSuffix(".swift") {
                let isTable = ["ProblemKind.swift", "ProblemTable.swift"].contains { name.hasSuffix("/" + $0) }
                guard !isTable, !name.contains("/Explanations/") else { continue }
                text += try String(contentsOfFile: "\(project.path)/\(folder)/\(name)", encoding: .utf8)
            }
        }
        return text
    }

    @Test("Every slug has a page that says what it means, why, and what to do, with an answer as it is sent")
    func pages() throws {
        for kind in ProblemKind.allCases {
            let page = ProblemPages.page(for: kind)
            let explanation = kind.explanation
            for (name, text) in [
                ("title", explanation.title), ("meaning", explanation.meaning), ("cause", explanation.cause),
                ("remedy", explanation.remedy), ("detail", explanation.example.detail),
            ] {
                #expect(text.count > 10, "\(kind.slug) has no \(name)")
                #expect(name == "title" || text.hasSuffix("."), "\(kind.slug): its \(name) is no sentence")
            }
            #expect(page.contains("<code>\(kind.slug)</code>") && page.contains("\(kind.status.code)"))
            let example = ProblemPages.exampleAnswer(of: kind)
            let body = try #require(example.firstRange(of: "{")).lowerBound
            let document = try Document(parsing: Array(example[body...].utf8))
            #expect(document["type"]?.stringValue == "/problems/\(kind.slug)")
            #expect(document["status"]?.integerValue == kind.status.code)
            #expect(document.count == kind.example.document.count)
        }
    }

    @Test("The index leads to every page and nowhere else")
    func index() {
        let links = ProblemPages.index.matches(of: /href="problems\/([a-z-]+)"/).map { String($0.1) }
        #expect(links == ProblemKind.allCases.map(\.slug))
    }

    @Test("Nothing on the pages stands in the line or comes from elsewhere, so that a strict policy holds")
    func policy() {
        for page in [ProblemPages.index] + ProblemKind.allCases.map(ProblemPages.page) {
            #expect(!page.contains(/<(style|script)|<[^>]* (style|on[a-z]+)=|(href|src)="(\/|[a-z]+:)/))
        }
    }

    @Test("No kind of problem is superfluous: the product can send every one")
    func nothingSuperfluous() throws {
        let sources = try Self.sources()
        for kind in ProblemKind.allCases {
            #expect(sources.contains(".\(kind)"), "nobody sends “\(kind.slug)”")
        }
    }

    @Test("The contract names every slug, and no other")
    func contract() throws {
        let contract = try String(
            contentsOf: Self.project.appending(path: "Sources/HTTPService/HTTPService.docc/HTTPContract.md"),
            encoding: .utf8)
        let quoted = Set(contract.matches(of: /`([a-z]+(?:-[a-z]+)*)`/).map { String($0.1) })
        for kind in ProblemKind.allCases {
            #expect(quoted.contains(kind.slug), "the contract does not name “\(kind.slug)”")
        }
        // What follows a status is a slug.
        let named = contract.matches(of: /\b[45]\d\d ((?:`[a-z-]+`(?:, |,\n)?)+)/).flatMap { run in
            run.1.matches(of: /`([a-z-]+)`/).map { String($0.1) }
        }
        #expect(named.count > 30)
        for slug in named { #expect(ProblemKind(rawValue: slug) != nil, "the contract's “\(slug)” has no page") }
    }
}
