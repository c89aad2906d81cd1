//! Messages of single devices.

use super::*;

/// In the form of the VISION examples; written for this test.
fn vision(abo: &str, wells: &[(&str, &str)], rh: &str, flag: &str) -> Vec<u8> {
    let mut text = String::from(
        "H|\\^&|||OCD^VISION^5.14^J1|||||||P|LIS2-A|20260303211642\rP|1|PID1||N1^M1^O1|Li^Hua||19650102|U\r\
         O|1|SID9||ABO|N|20260303211353|||||||||CENTBLOOD|||||||20260303211641|||F\r",
    );
    text.push_str(&format!(
        "R|1|ABO|{abo}|||||F||Automatic||20260303211641|J1\r"
    ));
    for (i, (name, grade)) in wells.iter().enumerate() {
        if *name == "Anti-D" {
            text.push_str(&format!(
                "R|2|Rh|{rh}|||{flag}||F||Automatic||20260303211641|J1\r"
            ));
        }
        let n = i + 1;
        text.push_str(&format!("M|{n}|{name}|Grouping card^{n}^00084^L-05^20270828235959^g.jpg^c.jpg|Diluent^636^20270828|{grade}\r"));
    }
    text.push_str("L||");
    text.into_bytes()
}

#[test]
fn vision_wells_stand_under_their_interpretation() {
    let reading = read(
        &profile("ortho-vision"),
        &vision(
            "A",
            &[("Anti-A", "30^A"), ("Anti-B", "0^A"), ("Anti-D", "40^A")],
            "POS",
            "",
        ),
    );
    assert_eq!(reasons(&reading), [""; 0]);
    let wells: Vec<_> = reading
        .observations
        .iter()
        .filter_map(|o| Some((o.well?, o.grade?)))
        .collect();
    assert_eq!(
        wells,
        [
            (Well::AntiA, Grade::Three),
            (Well::AntiB, Grade::Negative),
            (Well::AntiD, Grade::Four)
        ]
    );
    let calls: Vec<_> = reading
        .observations
        .iter()
        .filter_map(|o| Some((o.means?, o.value.clone()?)))
        .collect();
    assert_eq!(
        calls,
        [(Meaning::Abo, "A".into()), (Meaning::Rhd, "+".into())]
    );
    let anti_a = reading
        .observations
        .iter()
        .find(|o| o.well == Some(Well::AntiA))
        .unwrap();
    let lots: Vec<_> = anti_a
        .lots
        .iter()
        .map(|l| (l.kind.as_str(), l.lot.as_str()))
        .collect();
    assert_eq!(lots, [("card", "L-05"), ("reagent", "636")]);
}

#[test]
fn vision_contradiction_and_manual_edit_both_come_through() {
    // The maker's own example: well negative, interpretation positive, flag M.
    let reading = read(
        &profile("ortho-vision"),
        &vision(
            "A",
            &[("Anti-A", "30^A"), ("Anti-B", "0^A"), ("Anti-D", "0^A")],
            "POS",
            "M",
        ),
    );
    let rh = reading
        .observations
        .iter()
        .find(|o| o.means == Some(Meaning::Rhd))
        .unwrap();
    assert!(rh.edited && rh.flags == ["edited"] && rh.value.as_deref() == Some("+"));
    let well = reading
        .observations
        .iter()
        .find(|o| o.well == Some(Well::AntiD))
        .unwrap();
    assert_eq!(
        well.grade,
        Some(Grade::Negative),
        "the well is not bent to the interpretation"
    );
    let reading = read(
        &profile("ortho-vision"),
        &vision("A", &[("Anti-A", "30^M20^me")], "POS", ""),
    );
    assert!(
        !reading
            .observations
            .iter()
            .any(|o| o.well.is_some() && o.edited),
        "M20 is not M"
    );
    let reading = read(
        &profile("ortho-vision"),
        &vision("A", &[("Anti-A", "30^M^20^me")], "POS", ""),
    );
    assert!(
        reading
            .observations
            .iter()
            .any(|o| o.well.is_some() && o.edited)
    );
}

#[test]
fn vision_codes_that_are_no_grade() {
    let wells = [
        ("Anti-A", "-111^A"),
        ("Anti-B", "-115^A"),
        ("Anti-D", "35^A"),
    ];
    let reading = read(&profile("ortho-vision"), &vision("A", &wells, "POS", ""));
    let read_wells: Vec<_> = reading
        .observations
        .iter()
        .filter_map(|o| Some((o.well?, o.grade?)))
        .collect();
    assert_eq!(read_wells, [(Well::AntiB, Grade::MixedField)]);
    assert!(reasons(&reading).iter().any(|r| r.contains("empty column")));
    assert!(reasons(&reading).iter().any(|r| r.contains("\"35\"")));
}

#[test]
fn vision_keepalive_and_query() {
    let p = profile("ortho-vision");
    let reading = read(
        &p,
        b"H|\\^&|||OCD^VISION^5.14^J1|||||||P|LIS2-A|20260902174004\rL||",
    );
    assert!(reading.keepalive && reading.problems.is_empty() && reading.observations.is_empty());
    let reading = read(&p, b"H|\\^&|||OCD^VISION^5.13^J1|||||||P|LIS2-A|20260305190245\rQ|1|^SID107\\^SID108||||||||||O\rL||");
    assert_eq!(reading.queries[0].samples, ["SID107", "SID108"]);
}

#[test]
fn ih1000_the_digit_zero_is_group_o_only_in_its_place() {
    let text = "H|\\^&|||Bio-Rad|IH v5.2||||||||20260315194227\n\
        P|1||1010868845||Test^One||19400607|M\n\
        O|1|1122206642|1122206642^^^\\1122206642^^^|^^^MO10^^28343^|R|20260311103217|20260311103217|||||||||||11||||20260311114103|||P\n\
        R|1|^^^AntiA^MO10^Blutgruppe Best\u{e4}tigung (5005)^|0^^|C||||S||op^|20260311114103||11|IH-1000|0300768|op\n\
        C|1|ID-Diluent 2^^05761.04.41^20280228\\^^^|CAS^5054^50540.27.02^20270228^4||\n\
        R|2|^^^Result^MO10^Blutgruppe (5005)^|0^POS^NEG^Ccee^K-^NEG^^^|C||||R||op^op|20260310130712|20260310155151|11|IH-1000|0300768|op\n\
        L|1|N\n";
    // The device is set to Windows-1252.
    let bytes: Vec<u8> = text
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    let framed = [&[2], bytes.as_slice(), &[3]].concat();
    let reading = read(&profile("biorad-ih1000"), &framed);
    assert_eq!(reasons(&reading), [""; 0]);
    let [well, result] = reading.observations.as_slice() else {
        panic!("{reading:?}")
    };
    assert_eq!(
        (well.well, well.grade, well.status),
        (
            Some(Well::AntiA),
            Some(Grade::Negative),
            Some(Status::Partial)
        )
    );
    assert_eq!(
        well.lots.iter().map(|l| l.lot.as_str()).collect::<Vec<_>>(),
        ["05761.04.41", "50540.27.02"]
    );
    assert_eq!(
        (result.means, result.value.as_deref()),
        (Some(Meaning::Group), Some("O+"))
    );
    assert_eq!(
        (result.sample.as_deref(), result.patient.as_deref()),
        (Some("1122206642"), Some("1010868845"))
    );
}

#[test]
fn ih1000_shifted_fields_are_never_repaired() {
    // The shape of IH v5.1: the order has lost its test, results have neither grade nor status.
    let text = "H|\\^&|||Bio-Rad|IH v5.1||||||||20260805142035\nP|1||AA5E||^\nO|1||AA5E^^^\\^^^|F\n\
        R|1|^^^AntiA^MO01A^Blutgruppe (5048)^|\nR|2|^^^AntiB^MO01A^Blutgruppe (5048)^|\n\
        O|2||AA5E^^^\\^^^|^^^MO10^^33619^|\nR|1|^^^AntiA^MO10^Blutgruppe (5005)^|\nL|1|N\n";
    let reading = read(&profile("biorad-ih1000"), text.as_bytes());
    assert!(reading.observations.is_empty());
    assert_eq!(reading.problems.len(), 2, "{:?}", reading.problems);
    assert!(
        reading.problems[0].reason.contains("shifted")
            && reading.problems[0].at == text.find("O|1|").unwrap()
    );
    assert!(reading.problems[1].reason.contains("no grade"));
}

#[test]
fn ih1000_composite_of_an_undocumented_test_is_left_out_and_told() {
    let text = "H|\\^&|||Bio-Rad|IH v5.2||||||||20260614163728\nP|1||1010448658||N^W||19410807|M\n\
        O|1|1122206473|1122206473^^^|^^^CH03^^28319^|R\nR|1|^^^AntiIgG^CH03^DAT (5054)^|0^^|C||||R||op^|20260310130712|20260310155151\n\
        R|2|^^^Result^CH03^DAT (5054)^|0^POS^NEG^Ccee^K-^NEG^^^|C||||R||op^op|20260310130712|20260310155151\nL|1|N";
    let reading = read(&profile("biorad-ih1000"), text.as_bytes());
    assert_eq!(reading.observations.len(), 1);
    assert_eq!(reading.observations[0].well, Some(Well::DatIgg));
    assert_eq!(reading.left_out.len(), 1);
    assert!(reading.problems.is_empty());
}

#[test]
fn m2000_three_parts_of_one_result() {
    let p = profile("abbott-m2000");
    let reading = read(&p, &sample("nat-abbott-m2000-hiv1-dbs.astm"));
    assert_eq!(
        reasons(&reading),
        [""; 0],
        "its missing terminator is usual"
    );
    let parts: Vec<_> = reading
        .observations
        .iter()
        .map(|o| (o.aspect.as_deref().unwrap(), o.typed.clone().unwrap()))
        .collect();
    assert_eq!(
        parts,
        [
            (
                "value",
                Value::Bound {
                    comparator: Comparator::Less,
                    digits: "839".into()
                }
            ),
            (
                "interpretation",
                Value::Text {
                    text: "Detected".into()
                }
            ),
            (
                "signal",
                Value::Number {
                    digits: "28.21".into()
                }
            ),
        ]
    );
    assert!(
        reading.observations.iter().all(
            |o| o.sample.as_deref() == Some("DBS19-002994") && o.status == Some(Status::Repeat)
        )
    );
    let framed = read(&p, &sample("nat-abbott-m2000-session-framed.bin"));
    assert_eq!(framed.observations.len(), 3);
    assert_eq!(framed.observations[0].status, Some(Status::Final));
    let mut damaged = sample("nat-abbott-m2000-session-framed.bin");
    damaged[200] ^= 1;
    assert!(!read(&p, &damaged).problems.is_empty());
}

#[test]
fn cobas_law_result() {
    let reading = read(
        &profile("roche-cobas5800"),
        &sample("nat-roche-cobas5800-hiv-law.hl7"),
    );
    assert_eq!(reasons(&reading), [""; 0]);
    let [o] = reading.observations.as_slice() else {
        panic!("{reading:?}")
    };
    assert_eq!(
        (o.sample.as_deref(), o.name.as_str(), o.value.as_deref()),
        (Some("BP24-43182"), "HIV", Some("Target Not Detected"))
    );
    assert_eq!(
        (o.flags.as_slice(), o.status, o.qc),
        (
            ["not_detected".to_owned()].as_slice(),
            Some(Status::Final),
            false
        )
    );
    assert_eq!(o.instrument.as_deref(), Some("c5800.1640"));
    assert_eq!(
        reading.control_id.as_deref(),
        Some("454c959b-e993-4dac-b73a-c91d935e3a68")
    );
    let control = String::from_utf8(sample("nat-roche-cobas5800-hiv-law.hl7"))
        .unwrap()
        .replace("P^^HL70369", "Q^^HL70369");
    assert!(read(&profile("roche-cobas5800"), control.as_bytes()).observations[0].qc);
}

#[test]
fn generic_profiles_read_what_has_a_sample_id_and_refuse_what_has_none() {
    let astm = profile("generic-astm");
    let reading = read(&astm, &sample("hem-horiba-yumizen-h550-qc.astm"));
    assert_eq!(
        (reading.observations.len(), reading.problems.len()),
        (20, 0)
    );
    assert!(reading.observations.iter().all(|o| o.qc));
    let reading = read(&astm, &sample("ia-euroimmun-analyzer1-iga.astm"));
    assert_eq!(
        (reading.observations.len(), reading.problems.len()),
        (0, 20),
        "its sample id stands where others have a patient"
    );
    let hl7 = profile("generic-hl7");
    let reading = read(&hl7, &sample("hl7-oru-cbc-hospital.hl7"));
    assert_eq!(reading.observations.len(), 14);
    assert_eq!(reading.observations[0].units.as_deref(), Some("10^9/L"));
    let reading = read(&hl7, &sample("nat-cepheid-genexpert-ctng-oru.hl7"));
    assert_eq!(reading.observations.len(), 23);
    assert!(
        reading
            .observations
            .iter()
            .all(|o| o.sample.as_deref() == Some("sidOBM")),
        "SPM stands at the end"
    );
    let reading = read(&hl7, &sample("nat-cepheid-genexpert-query.hl7"));
    assert_eq!(
        reading.queries[0].samples,
        ["SpecimenID-DEV01210000000000005"]
    );
    let reading = read(&hl7, &sample("nat-cepheid-genexpert-query-cancel.hl7"));
    assert!(
        reading.queries[0].cancel
            && reading.queries[0].tag.as_deref() == Some("662f165ebb1b4354b100cba090f1e7e5")
    );
}

#[test]
fn chinese_text_in_gbk_reads_and_offsets_hold() {
    let text = "H|\\^&|||某机器|||||||P|LIS2-A2|20260101\rP|1|P1|||王小明\rO|1|S1||^^^HBsAg\rR|1|^^^HBsAg|阴性|||Z9||F\rL|1|N\r";
    let (bytes, _, _) = encoding_rs::GBK.encode(text);
    let reading = read(&profile("generic-astm"), &bytes);
    let at = bytes.windows(2).position(|w| w == b"Z9").unwrap();
    assert!(
        reading.problems.iter().any(|p| p.at == at),
        "{:?} should point at {at}",
        reading.problems
    );
    let text = text.replace("Z9", "");
    let (bytes, _, _) = encoding_rs::GBK.encode(&text);
    let reading = read(&profile("generic-astm"), &bytes);
    assert_eq!(reading.observations[0].value.as_deref(), Some("阴性"));
    let mut broken = bytes.to_vec();
    broken.insert(20, 0xFF);
    let mut only_utf8 = profile("generic-astm");
    only_utf8.link.charset.truncate(1);
    assert!(
        reasons(&read(&only_utf8, &broken))
            .iter()
            .any(|r| r.contains("character sets"))
    );
}
