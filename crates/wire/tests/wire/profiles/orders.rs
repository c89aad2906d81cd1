//! Work for devices.

use super::*;

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
