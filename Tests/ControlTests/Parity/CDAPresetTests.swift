// SPDX-License-Identifier: Apache-2.0
import Parity
import Testing

@testable import Control

/// A CDA document in small: ids, times, a patient, a section with narrative and an entry.
private func document(
    id: String = "111",
    made: String = "20260101120000+0100",
    patient: String = "MRN-1",
    birth: String = "19800102",
    narrative: String =
        "<paragraph>Takes <content styleCode='Bold'>5 mg</content> daily</paragraph>",
    act: String = "a-1",
    time: String = "20251224101500+0100",
    dose: String = "5",
    prefix: String = ""
) -> CapturedAnswer {
    let p = prefix.isEmpty ? "" : prefix + ":"
    let space = prefix.isEmpty ? "xmlns" : "xmlns:" + prefix
    let text = """
        <?xml version="1.0" encoding="UTF-8"?>
        <?xml-stylesheet type="text/xsl" href="cda.xsl"?>
        <\(p)ClinicalDocument \(space)="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
          <\(p)templateId root="2.16.1"/><\(p)templateId root="2.16.2" extension="2015"/>
          <\(p)id root="1.2.3" extension="\(id)"/>
          <\(p)effectiveTime value="\(made)"/>
          <\(p)recordTarget><\(p)patientRole><\(p)id root="1.9" extension="\(patient)"/>
            <\(p)patient><\(p)birthTime value="\(birth)"/></\(p)patient>
          </\(p)patientRole></\(p)recordTarget>
          <\(p)component><\(p)structuredBody><\(p)component><\(p)section>
            <\(p)text>\(prefix.isEmpty ? narrative : "<v:paragraph>Takes <v:content styleCode='Bold'>5 mg</v:content> daily</v:paragraph>")</\(p)text>
            <\(p)entry><\(p)substanceAdministration>
              <\(p)id root="4.5" extension="\(act)"/>
              <\(p)effectiveTime xsi:type="TS" value="\(time)"/>
              <\(p)doseQuantity value="\(dose)" unit="mg"/>
            </\(p)substanceAdministration></\(p)entry>
          </\(p)section></\(p)component></\(p)structuredBody></\(p)component>
        </\(p)ClinicalDocument>
        """
    return answer(text, "application/xml")
}

@Suite("CDA")
struct CDAPresetTests {
    private func found(_ legacy: CapturedAnswer, _ modern: CapturedAnswer) throws -> [String] {
        var model = ParityModel()
        model.presets = ["cda"]
        return try words(legacy, modern, model)
    }

    @Test func `the same document under other prefixes is the same`() throws {
        #expect(try found(document(), document()) == [])
        #expect(try found(document(), document(prefix: "v")) == [" lexeme formatting"])
    }

    @Test func `ids and the time of making may be new, one-to-one`() throws {
        let anew = document(id: "999", made: "20260102080000+0100", act: "b-1")
        #expect(
            try found(document(), anew)
                == ["/ClinicalDocument/effectiveTime/*/@value value accepted"]
        )
        var model = ParityModel()
        model.presets = ["cda"]
        let plan = try ComparisonPlan(model: model)
        var identities = IdentityTable()
        var outcomes: [ObservationOutcome] = []
        for (legacy, modern) in [("1", "a"), ("2", "b"), ("1", "a"), ("1", "b")] {
            outcomes.append(
                compareAnswers(
                    exchange(document(id: legacy), document(id: modern)),
                    plan: plan,
                    identities: &identities,
                    nowUnixSeconds: 0
                ).outcome
            )
        }
        #expect(outcomes == [.match, .match, .match, .mismatch])
    }

    @Test func `the patient's id is exact`() throws {
        let place = "/ClinicalDocument/recordTarget/*/patientRole/*/id/*/@extension"
        #expect(try found(document(), document(patient: "MRN-2")) == ["\(place) value value"])
    }

    @Test func `times are compared as moments`() throws {
        let entry = "/ClinicalDocument/component/*/structuredBody/*/component/*/section/*/entry/*"
        let place = "\(entry)/substanceAdministration/*/effectiveTime/*/@value"
        #expect(
            try found(document(), document(time: "20251224091500+0000"))
                == ["\(place) zone formatting"]
        )
        #expect(
            try found(document(), document(time: "20251224101500+0000")) == ["\(place) skew value"]
        )
        #expect(try found(document(), document(time: "20251224")) == ["\(place) zone value"])
    }

    @Test func `a narrative's words are data, how they are set is accepted`() throws {
        let place = "/ClinicalDocument/component/*/structuredBody/*/component/*/section/*/text/*"
        let plain = "<paragraph>Takes 5 mg\n daily</paragraph>"
        #expect(
            try found(document(), document(narrative: plain)) == ["\(place)/#markup value accepted"]
        )
        let other = "<paragraph>Takes <content styleCode='Bold'>50 mg</content> daily</paragraph>"
        #expect(
            try found(document(), document(narrative: other)) == ["\(place)/#text value value"]
        )
    }

    @Test func `a dose is a dose`() throws {
        let found = try found(document(), document(dose: "50"))
        #expect(found.count == 1 && found[0].hasSuffix("/doseQuantity/*/@value value value"))
    }
}
