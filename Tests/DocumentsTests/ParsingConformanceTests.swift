import Documents
import Foundation
import Testing

@Suite("JSONTestSuite") struct ParsingConformanceTests {
    /// What RFC 8259 leaves to the parser, decided: numbers of every size are kept as they are written; text that is
    /// not valid UTF-8, stands for half a character, begins with a byte order mark or is nested too deep is refused.
    static let decisions: [String: Bool] = [
        "i_number_double_huge_neg_exp.json": true,
        "i_number_huge_exp.json": true,
        "i_number_neg_int_huge_exp.json": true,
        "i_number_pos_double_huge_exp.json": true,
        "i_number_real_neg_overflow.json": true,
        "i_number_real_pos_overflow.json": true,
        "i_number_real_underflow.json": true,
        "i_number_too_big_neg_int.json": true,
        "i_number_too_big_pos_int.json": true,
        "i_number_very_big_negative_int.json": true,
        "i_object_key_lone_2nd_surrogate.json": false,
        "i_string_1st_surrogate_but_2nd_missing.json": false,
        "i_string_1st_valid_surrogate_2nd_invalid.json": false,
        "i_string_UTF-16LE_with_BOM.json": false,
        "i_string_UTF-8_invalid_sequence.json": false,
        "i_string_UTF8_surrogate_U+D800.json": false,
        "i_string_incomplete_surrogate_and_escape_valid.json": false,
        "i_string_incomplete_surrogate_pair.json": false,
        "i_string_incomplete_surrogates_escape_valid.json": false,
        "i_string_invalid_lonely_surrogate.json": false,
        "i_string_invalid_surrogate.json": false,
        "i_string_invalid_utf-8.json": false,
        "i_string_inverted_surrogates_U+1D11E.json": false,
        "i_string_iso_latin_1.json": false,
        "i_string_lone_second_surrogate.json": false,
        "i_string_lone_utf8_continuation_byte.json": false,
        "i_string_not_in_unicode_range.json": false,
        "i_string_overlong_sequence_2_bytes.json": false,
        "i_string_overlong_sequence_6_bytes.json": false,
        "i_string_overlong_sequence_6_bytes_null.json": false,
        "i_string_truncated-utf-8.json": false,
        "i_string_utf16BE_no_BOM.json": false,
        "i_string_utf16LE_no_BOM.json": false,
        "i_structure_500_nested_arrays.json": false,
        "i_structure_UTF-8_BOM_empty_object.json": false,
    ]

    /// The suite accepts a member name that comes twice; strict JSON, as it is spoken here, does not.
    static let refusedDuplicates: Set<String> = [
        "y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json",
    ]

    @Test(
        "Every file is accepted or refused as it should be",
        .enabled(if: ForeignData.hasConformance, "no conformance data"))
    func everyFile() throws {
        let folder = try #require(ForeignData.conformance).appending(path: "json-parsing/test_parsing")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        var cases = 0
        for file in files where file.pathExtension == "json" {
            let name = file.lastPathComponent
            let isAccepted: Bool
            switch name.prefix(2) {
            case "y_": isAccepted = !Self.refusedDuplicates.contains(name)
            case "n_": isAccepted = false
            default: isAccepted = try #require(Self.decisions[name] as Bool?, "\(name) is not decided")
            }
            let bytes = try ForeignData.bytes(file)
            let error = parsingError(bytes)
            #expect((error == nil) == isAccepted, "\(name): \(error.map(\.description) ?? "accepted")")
            if isAccepted {
                let encoded = try Document(parsing: bytes).encoded()
                #expect(try Document(parsing: encoded).encoded() == encoded, "\(name)")
            }
            cases += 1
        }
        #expect(cases == 318)
        print("JSONTestSuite: \(cases) files")
    }
}
