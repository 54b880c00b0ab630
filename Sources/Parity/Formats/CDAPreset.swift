// SPDX-License-Identifier: Apache-2.0

/// Rules for CDA R2 documents.
///
/// A document is made anew at each request: its own id, and the ids of its acts where they are
/// numbered by the source, stay one-to-one; its time of making may differ; of its narrative the
/// words are compared, not how they are set. Ids of the patient, of authors and of organisations
/// are exact.
func cdaPreset() -> [ParityRule] {
    var preset = PresetWriter(origin: "cda")
    let document = "/ClinicalDocument"
    preset.add(
        .identifier,
        "\(document)/id/*/@root",
        "\(document)/id/*/@extension",
        "\(document)/setId/*/@root",
        "\(document)/setId/*/@extension",
        "\(document)/**/entry/**/id/*/@root",
        "\(document)/**/entry/**/id/*/@extension"
    )
    // What was written when: the same moment, however precisely it is given.
    preset.add(
        .instant(skewMilliseconds: 0),
        "\(document)/**/effectiveTime/**/@value",
        "\(document)/**/time/**/@value",
        "\(document)/**/birthTime/**/@value"
    )
    preset.ignore(
        "the moment at which the document was made",
        ["\(document)/effectiveTime/*/@value", "\(document)/author/*/time/*/@value"]
    )
    preset.ignore("how the narrative is set; its words are compared", ["\(document)/**/#markup"])
    preset.ignore(
        "where a schema lies changes no content",
        ["\(document)/@xsi:schemaLocation"]
    )
    // Templates are claims of conformance: which, not in which order.
    preset.add(.keyed(by: ["@root", "@extension"]), "\(document)/**/templateId")
    // Sections and components in the order of the document; ids of one act in any order.
    preset.add(.set, "\(document)/**/telecom")
    return preset.rules
}
