import Documents
import Fold
import HTTPService
import HTTPTypes
import Testing

@Suite("Conditions")
struct ConditionTests {
    private let version = VersionToken("e1-7")

    private func headers(_ name: HTTPField.Name, _ values: String...) -> HTTPFields {
        var headers = HTTPFields()
        for value in values { headers.append(HTTPField(name: name, value: value)) }
        return headers
    }

    @Test("A change's version may be quoted, bare or weak", arguments: ["\"e1-7\"", "e1-7", "W/\"e1-7\"", "  e1-7 "])
    func version(text: String) throws {
        #expect(try Precondition(headers(.ifMatch, text)) == .version(try #require(version)))
    }

    @Test("The star means something or nothing was applied")
    func stars() throws {
        #expect(try Precondition(headers(.ifMatch, "*")) == .somethingApplied)
        #expect(try Precondition(headers(.ifNoneMatch, "*")) == .nothingApplied)
        #expect(try Precondition(HTTPFields()) == .none)
    }

    @Test(
        "Anything else is an invalid precondition",
        arguments: ["", "x", "\"e1-7", "\"e1-7\", \"e1-8\"", "e1-07", "-7", "**"])
    func invalid(text: String) {
        #expect(throws: Problem.self) { try Precondition(headers(.ifMatch, text)) }
        #expect(throws: Problem.self) { try Precondition(headers(.ifNoneMatch, text)) }
    }

    @Test("A version in a change's If-None-Match, and both fields at once, are refused")
    func unsupported() {
        #expect(throws: Problem.self) { try Precondition(headers(.ifNoneMatch, "\"e1-7\"")) }
        var both = headers(.ifNoneMatch, "*")
        both[.ifMatch] = "*"
        #expect(throws: Problem.self) { try Precondition(both) }
    }

    @Test("A poller's tags are a list, over several fields, of which foreign ones are left out")
    func known() throws {
        let version = try #require(version)
        let known = KnownVersions(headers(.ifNoneMatch, "\"abc\", W/\"e1-6\"", "\"e1-7\""))
        #expect(known.contains(version))
        #expect(known.first == VersionToken("e1-6"))
        #expect(!known.contains(VersionToken(epoch: version.epoch, number: 8)))
    }

    @Test("A poller without tags has nothing, one with a star has whatever there is")
    func anyAndNone() throws {
        let version = try #require(version)
        #expect(!KnownVersions(HTTPFields()).contains(version))
        #expect(KnownVersions(HTTPFields()) == .none)
        #expect(KnownVersions(headers(.ifNoneMatch, "*")).contains(version))
        #expect(KnownVersions(headers(.ifNoneMatch, "*")).first == nil)
        #expect(KnownVersions(headers(.ifNoneMatch, "\"other\"")) == .versions([]))
    }
}

@Suite("Media types")
struct ContentTypeTests {
    @Test(
        "Type and parameters are read in any spelling",
        arguments: [
            "application/merge-patch+json", "Application/Merge-Patch+JSON",
            "application/merge-patch+json; charset=utf-8",
            "application/merge-patch+json;charset=\"UTF-8\"", " application/merge-patch+json ;",
            "application/merge-patch+json; a=\"b;c\"",
        ])
    func essence(text: String) throws {
        let type = try #require(ContentType(text))
        #expect(type.essence == ContentType.mergePatch.essence)
        #expect(type.isUTF8)
    }

    @Test(
        "What is no media type is none",
        arguments: ["", "json", "application/", "/json", "a/b/c", "a b/c", "a/b; c", "a/b; c=\"d"])
    func none(text: String) { #expect(ContentType(text) == nil) }

    @Test("Another charset is noticed")
    func charset() throws { #expect(!(try #require(ContentType("application/json; charset=latin1")).isUTF8)) }
}

@Suite("Queries")
struct QueryTests {
    @Test("Values are decoded once, and a plus sign stands for itself")
    func decoding() throws {
        #expect(try Query("path=%2Fa%2520b+c").string("path") == "/a%20b+c")
        #expect(try Query("a&b=&c==").string("a") == "")
        #expect(try Query("a&b=&c==").string("c") == "=")
        #expect(try Query(nil).string("a") == nil)
    }

    @Test(
        "A parameter that does not decode is refused, but only if somebody wants it",
        arguments: ["a=%", "a=%2", "a=%zz", "a=%ff"])
    func broken(text: String) throws {
        #expect(throws: Problem.self) { try Query(text).string("a") }
        #expect(try Query(text).string("b") == nil)
    }

    @Test("A parameter that is given twice is refused")
    func twice() { #expect(throws: Problem.self) { try Query("a=1&a=1").string("a") } }

    @Test(
        "Numbers are digits within a range",
        arguments: ["limit=0", "limit=1001", "limit=", "limit=+5", "limit=5x", "limit=99999999999999999999"])
    func numbers(text: String) throws {
        #expect(throws: Problem.self) { try Query(text).integer("limit", in: 1...1_000) }
        #expect(try Query("limit=1000").integer("limit", in: 1...1_000) == 1_000)
        #expect(try Query("").integer("limit", in: 1...1_000) == nil)
    }

    @Test("Flags and tokens are read strictly")
    func others() throws {
        #expect(try Query("fresh=1").flag("fresh"))
        #expect(try Query("fresh").flag("fresh"))
        #expect(try !Query("fresh=0").flag("fresh"))
        #expect(throws: Problem.self) { try Query("fresh=maybe").flag("fresh") }
        #expect(try Query("at_least=e-5").token("at_least", as: PositionToken.self) == PositionToken("e-5"))
        #expect(throws: Problem.self) { try Query("at_least=5").token("at_least", as: PositionToken.self) }
    }

    @Test("The problem names the parameter")
    func named() throws {
        let error = #expect(throws: Problem.self) { try Query("limit=x").integer("limit", in: 1...2) }
        #expect(error?.document["parameter"]?.stringValue == "limit")
    }
}

@Suite("Entity tags that are no versions")
struct KnownTagTests {
    private func known(_ values: String...) -> KnownTags {
        var headers = HTTPFields()
        for value in values { headers.append(HTTPField(name: .ifNoneMatch, value: value)) }
        return KnownTags(headers)
    }

    @Test(
        "A tag is found quoted, bare, weak, and among others", arguments: ["\"ab\"", "ab", "W/\"ab\"", "\"x\", \"ab\""])
    func found(field: String) {
        #expect(known(field).contains("\"ab\""))
        #expect(known("\"y\"", field).contains("\"ab\""))
    }

    @Test(
        "Other tags, halves of quotes and nothing are not that tag",
        arguments: ["\"abc\"", "\"a\"", "\"ab", "w/\"ab\"", ""])
    func notFound(field: String) { #expect(!known(field).contains("\"ab\"")) }

    @Test("No field means nothing is known, and the star anything")
    func noneAndAny() {
        #expect(known() == .none && !known().contains("\"ab\""))
        #expect(known("\"x\", *") == .any && known("*").contains("\"ab\""))
    }
}
