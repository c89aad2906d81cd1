//! Device dialects: what each profile makes of messages of its device, and of damaged ones.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::PathBuf;

use lifeline_core::blood::Grade;
use lifeline_core::testing::Well;
use lifeline_wire::decode::{Protocol, decode};
use lifeline_wire::profile::{
    AnswerError, DomainReading, Envelope, Meaning, Profile, ProfileError, Status, WorkItem, orders,
    read,
};
use lifeline_wire::value::{Comparator, Value};
use lifeline_wire::{Limits, hl7};
use proptest::prelude::*;

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(
        PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("../../tests/samples/messages")
            .join(name),
    )
    .unwrap()
}

fn profile(name: &str) -> Profile {
    Profile::builtin(name).unwrap_or_else(|| panic!("{name} does not parse"))
}

fn reasons(reading: &DomainReading) -> Vec<&str> {
    reading.problems.iter().map(|p| p.reason.as_str()).collect()
}

#[test]
fn every_profile_that_comes_with_the_program_is_sound() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../drivers");
    for name in Profile::builtin_names() {
        let text = std::fs::read_to_string(folder.join(format!("{name}.toml"))).unwrap();
        let profile = Profile::parse(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(profile.name, name);
        assert_eq!(Profile::builtin(name), Some(profile));
    }
    let files = std::fs::read_dir(folder).unwrap().filter(|f| {
        f.as_ref()
            .unwrap()
            .path()
            .extension()
            .is_some_and(|e| e == "toml")
    });
    assert_eq!(
        files.count(),
        Profile::builtin_names().count(),
        "a file that no name leads to"
    );
}

#[test]
fn a_profile_with_a_word_we_do_not_have_is_refused() {
    let text = std::fs::read_to_string(
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../drivers/immucor-echo.toml"),
    )
    .unwrap();
    for (from, to) in [
        ("= \"anti_a\"", "= \"anti_x\""),
        ("\"4+\" = \"4\"", "\"4+\" = \"5\""),
        ("\"A Pos\" = \"A+\"", "\"A Pos\" = \"a pos\""),
        ("\"Pos\" = \"positive\"", "\"Pos\" = \"yes\""),
        ("\"O.12\" = \"N\"", "\"X.12\" = \"N\""),
    ] {
        assert!(text.contains(from), "{from}");
        let broken = text.replacen(from, to, 1);
        assert!(
            matches!(Profile::parse(&broken), Err(ProfileError::Word { .. })),
            "{to}"
        );
    }
    assert!(matches!(
        Profile::parse(&text.replacen("[well]", "[wel]", 1)),
        Err(ProfileError::Form(_))
    ));
    assert!(matches!(
        Profile::parse(&text.replacen("\"R.3.4\"", "\"R3.4\"", 1)),
        Err(ProfileError::Form(_))
    ));
}

#[test]
fn immucor_echo_group_and_screen() {
    let reading = read(
        &profile("immucor-echo"),
        &sample("bg-immucor-echo-abod-screen.astm"),
    );
    assert_eq!(reasons(&reading), [""; 0]);
    assert_eq!(reading.sender.as_deref(), Some("Echo"));
    assert_eq!(reading.observations.len(), 14);
    let wells: Vec<(&str, Well, Grade)> = reading
        .observations
        .iter()
        .filter_map(|o| Some((o.test.as_str(), o.well?, o.grade?)))
        .collect();
    let expected = [
        ("group", Well::Control, Grade::Negative),
        ("group", Well::AntiA, Grade::Negative),
        ("group", Well::AntiB, Grade::Three),
        ("group", Well::AntiAB, Grade::Three),
        ("group", Well::AntiD, Grade::Three),
        ("group", Well::AntiD2, Grade::Three),
        ("group", Well::A1Cells, Grade::Two),
        ("group", Well::BCells, Grade::Negative),
        ("screen", Well::Screen1, Grade::Four),
        ("screen", Well::Screen2, Grade::Four),
        ("screen", Well::Screen3, Grade::Four),
        ("screen", Well::ScreenPositive, Grade::Four),
    ];
    assert_eq!(wells, expected);
    let calls: Vec<_> = reading
        .observations
        .iter()
        .filter_map(|o| Some((o.means?, o.value.as_deref()?)))
        .collect();
    assert_eq!(
        calls,
        [(Meaning::Group, "B+"), (Meaning::Screen, "positive")]
    );
    for o in &reading.observations {
        assert_eq!(
            (o.sample.as_deref(), o.patient.as_deref()),
            (Some("0651439A"), Some("1171984"))
        );
        assert_eq!(
            (o.status, o.edited, o.qc),
            (Some(Status::Final), false, false)
        );
        assert_eq!(o.completed.as_deref(), Some("20060306164429"));
    }
}

#[test]
fn the_same_message_framed_reads_the_same_and_offsets_point_into_the_frames() {
    let text: Vec<u8> = sample("bg-immucor-echo-abod-screen.astm")
        .iter()
        .map(|b| if *b == b'\n' { b'\r' } else { *b })
        .collect();
    let framed = lifeline_wire::astm::lis1::split(&text, 240).concat();
    let p = profile("immucor-echo");
    let (plain, read_framed) = (read(&p, &text), read(&p, &framed));
    assert_eq!(plain.observations.len(), read_framed.observations.len());
    for (a, b) in plain.observations.iter().zip(&read_framed.observations) {
        assert_eq!((a.well, a.grade, &a.value), (b.well, b.grade, &b.value));
        assert_eq!(
            framed[b.at..b.at + 10],
            text[a.at..a.at + 10],
            "at {}",
            b.at
        );
    }
}

#[test]
fn a_grade_changed_on_the_device_is_edited() {
    let text = String::from_utf8(sample("bg-immucor-echo-abod-screen.astm"))
        .unwrap()
        .replace("2+^2+^17", "1+^2+^17");
    let reading = read(&profile("immucor-echo"), text.as_bytes());
    let edited: Vec<_> = reading
        .observations
        .iter()
        .filter(|o| o.edited)
        .map(|o| o.well)
        .collect();
    assert_eq!(edited, [Some(Well::A1Cells)]);
}

#[test]
fn what_the_profile_does_not_name_is_a_problem_at_its_place_and_nothing_else() {
    let good = String::from_utf8(sample("bg-immucor-echo-abod-screen.astm")).unwrap();
    let p = profile("immucor-echo");
    for (from, to, lost, says) in [
        ("^^^Anti-B|", "^^^Anti-Q|", 1, "Anti-Q"),
        ("3+^3+^29", "3+^9+^29", 1, "9+"),
        (
            "|0^0^0|||||F||brentp||20060306164429|M0002\nR|2",
            "||||||F||brentp||20060306164429|M0002\nR|2",
            1,
            "no grade",
        ),
        ("|B Pos|", "|B Maybe|", 1, "B Maybe"),
        ("^^^Screen|R", "^^^Unheard|R", 5, "Unheard"),
        ("|Pos|||||F|", "||||||F|", 1, "is not in the profile"),
        ("|Pos|||||F||brentp", "|Pos||||F||brentp", 1, "is no time"),
        ("|Pos|||||F||brentp", "|Pos||||||F||brentp", 1, "is no time"),
        ("O|2|0651439A|", "O|2||", 5, "no sample id"),
    ] {
        assert!(good.contains(from), "{from}");
        let text = good.replacen(from, to, 1);
        let reading = read(&p, text.as_bytes());
        assert_eq!(
            reading.observations.len(),
            14 - lost,
            "{to}: {:?}",
            reasons(&reading)
        );
        assert!(!reading.problems.is_empty(), "{to}");
        assert!(
            reasons(&reading).iter().any(|r| r.contains(says)),
            "{to}: {:?}",
            reasons(&reading)
        );
        assert!(
            reading
                .problems
                .iter()
                .all(|p| p.at > 60 && p.at < text.len()),
            "{to}: {:?}",
            reading.problems
        );
    }
}

#[test]
fn an_unknown_flag_is_kept_and_told() {
    let text = String::from_utf8(sample("bg-immucor-echo-abod-screen.astm")).unwrap();
    let text = text.replacen("^^^Anti-A|0^0^0|||||F", "^^^Anti-A|0^0^0|||ZZ||F", 1);
    let reading = read(&profile("immucor-echo"), text.as_bytes());
    assert_eq!(reading.observations.len(), 14);
    assert_eq!(reading.problems.len(), 1);
    assert_eq!(reading.problems[0].at, text.find("ZZ").unwrap());
    assert!(reading.observations[1].flags.contains(&"ZZ".to_owned()));
}

#[test]
fn a_cut_message_says_so() {
    let bytes = sample("bg-immucor-echo-abod-screen.astm");
    let p = profile("immucor-echo");
    let cut = &bytes[..bytes.len() - 30];
    let reading = read(&p, cut);
    assert_eq!(
        reading.observations.len(),
        13,
        "the last record may be shortened: it is not read"
    );
    assert!(
        reading
            .problems
            .iter()
            .any(|p| p.reason.contains("no terminator"))
    );
    assert!(
        reading
            .problems
            .iter()
            .any(|p| p.reason.contains("ends inside"))
    );
}

#[test]
fn a_message_of_another_device_is_not_read() {
    let reading = read(
        &profile("ortho-vision"),
        &sample("bg-immucor-echo-abod-screen.astm"),
    );
    assert!(reading.observations.is_empty());
    assert!(reading.problems[0].reason.contains("Echo"));
}

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

fn envelope() -> Envelope<'static> {
    Envelope {
        time: "20260102030405",
        control_id: "C1",
        query: None,
    }
}

#[test]
fn crossmatch_order_has_the_form_of_the_published_one() {
    let item = WorkItem {
        sample: "0651439A".into(),
        patient: Some("1171984".into()),
        name: Some(("Patient".into(), "Test".into())),
        birth: Some("19590422".into()),
        sex: Some("M".into()),
        tests: vec![("crossmatch".into(), "T1".into())],
        unit: Some("R02460".into()),
        urgent: false,
    };
    let messages = orders(&profile("immucor-echo"), &[item], &envelope()).unwrap();
    let ours = decode(&messages[0], Protocol::Auto, &Limits::default())
        .unwrap()
        .value;
    let theirs = decode(
        &sample("bg-immucor-echo-crossmatch-order.astm"),
        Protocol::Auto,
        &Limits::default(),
    )
    .unwrap()
    .value;
    for n in 1..4 {
        assert_eq!(
            ours["messages"][0]["records"][n], theirs["messages"][0]["records"][n],
            "record {n}"
        );
    }
}

#[test]
fn the_answer_to_an_unknown_sample_is_the_devices_own() {
    let messages = orders(&profile("immucor-echo"), &[], &envelope()).unwrap();
    assert_eq!(
        messages,
        [b"H|\\^&|||LIS|||||||P|LIS2-A2|20260102030405\rL|1|I\r".to_vec()]
    );
    let item = WorkItem {
        sample: "S".into(),
        tests: vec![("elution".into(), "T".into())],
        ..WorkItem::default()
    };
    assert!(matches!(
        orders(&profile("immucor-echo"), &[item], &envelope()),
        Err(AnswerError::UnknownTest { .. })
    ));
    assert!(matches!(
        orders(&profile("generic-hl7"), &[], &envelope()),
        Err(AnswerError::NoOrders(_))
    ));
}

#[test]
fn delimiters_in_a_name_are_escaped_and_those_of_the_query_mirrored() {
    let item = WorkItem {
        sample: "S|1".into(),
        name: Some(("O^Neil&{sample}".into(), "A".into())),
        tests: vec![("group".into(), "T".into())],
        ..WorkItem::default()
    };
    let query = b"H|@^\\|||Echo\rQ|1|S|||ALL\rL|1|N\r";
    let messages = orders(
        &profile("immucor-echo"),
        &[item],
        &Envelope {
            query: Some(query),
            ..envelope()
        },
    )
    .unwrap();
    let value = decode(&messages[0], Protocol::Auto, &Limits::default())
        .unwrap()
        .value;
    let records = &value["messages"][0]["records"];
    assert_eq!(value["messages"][0]["delims"]["repeat"], "@");
    assert_eq!(records[1]["name"], "O^Neil&{sample}^A");
    assert_eq!(records[2]["specimen"], "S|1");
}

#[test]
fn law_query_is_answered_by_response_and_order() {
    let query = "MSH|^~\\&|X800 DM|L|HOST|H|20260102||QBP^Q11^QBP_Q11|Q77|P|2.5.1|||NE|AL||UNICODE UTF-8|||LAB-27^IHE\r\
        QPD|WOS^Work Order Step^IHE_LABTF|TAG1|BP24-43182\rRCP|I||R\r";
    let p = profile("roche-cobas5800");
    assert_eq!(
        read(&p, query.as_bytes()).queries[0].samples,
        ["BP24-43182"]
    );
    let item = WorkItem {
        sample: "BP24-43182".into(),
        tests: vec![("nat_hiv".into(), "T1".into())],
        ..WorkItem::default()
    };
    let envelope = Envelope {
        query: Some(query.as_bytes()),
        ..envelope()
    };
    let messages = orders(&p, &[item], &envelope).unwrap();
    assert_eq!(messages.len(), 2);
    let read_back = |bytes: &[u8], name: &str, n: usize| {
        hl7::decode(bytes, &Limits::default()).unwrap()[0]
            .field(name, n)
            .text()
            .into_owned()
    };
    assert_eq!(read_back(&messages[0], "MSH", 9), "RSP^K11^RSP_K11");
    assert_eq!(read_back(&messages[0], "MSH", 5), "X800 DM");
    assert_eq!(read_back(&messages[0], "MSA", 2), "Q77");
    assert_eq!(
        (
            read_back(&messages[0], "QAK", 1),
            read_back(&messages[0], "QAK", 2)
        ),
        ("TAG1".into(), "OK".into())
    );
    assert_eq!(read_back(&messages[0], "QPD", 3), "BP24-43182");
    assert_eq!(read_back(&messages[1], "OBR", 4), "HIV^^99ROC");
    assert_eq!(read_back(&messages[1], "SAC", 3), "BP24-43182");
    let nothing = orders(&p, &[], &envelope).unwrap();
    assert_eq!(read_back(&nothing[0], "QAK", 2), "NF");
    assert_eq!(
        (
            read_back(&nothing[1], "SPM", 11),
            read_back(&nothing[1], "ORC", 1)
        ),
        ("U".into(), "DC".into())
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for name in Profile::builtin_names() {
            let _ = read(&profile(name), &bytes);
        }
    }

    #[test]
    fn no_result_is_lost_silently(at in 60usize..1035, byte in any::<u8>()) {
        let mut bytes = sample("bg-immucor-echo-abod-screen.astm");
        // Text without frames has no checksum: a letter that turns into that of another record type goes unseen
        // where neither the count of results nor the place of the terminator betrays it.
        let letter = at == 0 || bytes[at - 1] == b'\n';
        prop_assume!(!(letter && b"HPORCQMSL".contains(&byte)));
        bytes[at] = byte;
        let reading = read(&profile("immucor-echo"), &bytes);
        prop_assert!(reading.observations.len() >= 14 || !reading.problems.is_empty(), "byte {at} to {byte:#x}");
    }
}
