//! Bodies that are wrong.

use e2e_tests::{Answer, Order};

use super::{Ground, all_refused};

/// Goal: money is an integer from 1 to 10^12, and bodies are objects of known fields. Method: every other value, for orders
/// and for deposits.
#[tokio::test]
async fn amounts_and_bodies_out_of_form_are_refused() {
    let ground = Ground::find().await;
    let (shop, account) = (ground.shop(), ground.shop().customer(1_000).await);
    let (invalid, malformed) = ((422, "invalid_request"), (400, "malformed_json"));
    let amounts = [
        ("0", invalid),
        ("-1", invalid),
        ("-0", invalid),
        ("1.5", invalid),
        ("10.0", invalid),
        ("1e3", invalid),
        ("1e400", malformed),
        ("\"10\"", invalid),
        ("9223372036854775808", invalid),
        ("18446744073709551616", invalid),
        ("-9223372036854775809", invalid),
        ("1000000000001", invalid),
        ("null", invalid),
        ("true", invalid),
        ("{}", invalid),
        ("[1]", invalid),
        ("NaN", malformed),
        ("0x10", invalid),
        ("010", malformed),
        ("", malformed),
    ];
    let mut requests = Vec::new();
    let targets = [
        (format!("/orders/create/{}", account.user_id), r#","description":"a thing"}"#),
        (format!("/payments/add/{}", account.bill_id), "}"),
    ];
    for (path, rest) in &targets {
        let mut add = |body: String, (status, code)| {
            requests.push((format!("{path} {body}"), shop.post(path).body(body), status, code));
        };
        for (amount, expected) in amounts {
            add(format!(r#"{{"amount":{amount}{rest}"#), expected);
        }
        for body in ["", "x", "{", "nul\0", r#"{"amount":1"#, "{} {}"] {
            let expected = if body == "{} {}" { invalid } else { malformed };
            add(body.into(), expected);
        }
        for body in ["[]", "[10]", r#"[10,"a thing"]"#, "null", "10", "\"x\"", "{}", "true"] {
            add(body.into(), invalid);
        }
        add(format!(r#"{{"amount":1,"status":"FINISHED"{rest}"#), invalid);
        add(format!(r#"{{"amount":1,"amount":1{rest}"#), invalid);
        add(format!(r#"{{"Amount":1{rest}"#), invalid);
        add(format!(r#"{{"amount":1{rest}x"#), malformed);
    }
    all_refused(&ground, &account, requests).await;
}

/// Goal: a description has 1 to 1000 characters, which can be stored. Method: all that can't, and then the largest that can,
/// in the longest way of writing it.
#[tokio::test]
async fn descriptions_that_cannot_be_stored_are_refused() {
    let ground = Ground::find().await;
    let (shop, account) = (ground.shop(), ground.shop().customer(0).await);
    let path = format!("/orders/create/{}", account.user_id);
    let too_long = format!("\"{}\"", "ж".repeat(1001));
    let descriptions = [
        ("\"\"", 422, "invalid_request"),
        ("null", 422, "invalid_request"),
        ("5", 422, "invalid_request"),
        ("[\"x\"]", 422, "invalid_request"),
        ("\"a\\u0000b\"", 422, "invalid_request"),
        ("\"\\ud800\"", 400, "malformed_json"),
        ("\"a\0b\"", 400, "malformed_json"),
        (too_long.as_str(), 422, "invalid_request"),
    ];
    let mut requests: Vec<_> = descriptions
        .into_iter()
        .map(|(description, status, code)| {
            let body = format!(r#"{{"amount":1,"description":{description}}}"#);
            (description.escape_default().to_string(), shop.post(&path).body(body), status, code)
        })
        .collect();
    let missing = shop.post(&path).body(r#"{"amount":1}"#);
    requests.push(("no description".into(), missing, 422, "invalid_request"));
    let not_utf8 = shop.post(&path).body(b"{\"amount\":1,\"description\":\"\xff\"}".to_vec());
    requests.push(("not UTF-8".into(), not_utf8, 400, "malformed_json"));
    all_refused(&ground, &account, requests).await;

    let longest = format!(r#"{{"amount":1,"description":"{}"}}"#, r"\ud83d\ude00".repeat(1000));
    let answer = shop.post(&path).body(longest).send().await.expect(201);
    assert_eq!(answer.json::<Order>().description, "😀".repeat(1000));
}

/// Goal: only what says that it is JSON, as it is, is read, and nothing that is too large. Method: other types, encodings,
/// and 1 MiB.
#[tokio::test]
async fn other_types_and_large_bodies_are_refused() {
    let ground = Ground::find().await;
    let (shop, account) = (ground.shop(), ground.shop().customer(1_000).await);
    let body = r#"{"amount":1,"description":"a thing"}"#;
    let mut requests = Vec::new();
    for path in [format!("/orders/create/{}", account.user_id), format!("/payments/add/{}", account.bill_id)]
    {
        let typed = |kind: &str| shop.post(&path).header("Content-Type", kind).untyped_body(body);
        let types = ["text/plain", "application/x-www-form-urlencoded", "application/xml", "nonsense"];
        for kind in types.into_iter().chain(["application/vnd.shop+json", "text/json", ""]) {
            requests.push((kind.into(), typed(kind), 415, "unsupported_media_type"));
        }
        for coding in ["gzip", "br", "identity, gzip", "bogus"] {
            let encoded = shop.post(&path).header("Content-Encoding", coding).body(body);
            requests.push((coding.into(), encoded, 415, "unsupported_media_type"));
        }
        let untyped = shop.post(&path).untyped_body(body);
        requests.push(("no type".into(), untyped, 415, "unsupported_media_type"));
        for size in [65 << 10, 1 << 20] {
            let large = shop.post(&path).body(vec![b' '; size]);
            requests.push((format!("{size} bytes"), large, 413, "payload_too_large"));
        }
    }
    all_refused(&ground, &account, requests).await;

    let path = format!("/orders/create/{}", account.user_id);
    let charset =
        shop.post(&path).header("Content-Type", "application/json; charset=utf-8").untyped_body(body);
    charset.send().await.expect(201);
    let identity = shop.post(&path).header("Content-Encoding", "identity").body(body);
    identity.send().await.expect(201);
}

/// Goal: no other input is a server's error either. Method: the same, from a small grammar of nonsense, at random; the seed
/// is printed.
#[tokio::test]
async fn random_nonsense_is_never_a_servers_error() {
    let ground = Ground::find().await;
    let (shop, account) = (ground.shop(), ground.shop().customer(0).await);
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let pieces = [
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"amount\"",
        "\"description\"",
        "\"",
        "0",
        "-",
        "1e9",
        "9".repeat(30).leak(),
        "null",
        "\\u0000",
        "\\",
        "\0",
        "ж",
        " ",
        "true",
        "\u{feff}",
        "/*",
        "'",
    ];
    let paths = [format!("/orders/create/{}", account.user_id), format!("/payments/add/{}", account.bill_id)];
    for _ in 0..300 {
        let length = random.usize(0..12);
        let body: String = (0..length).map(|_| *random.choice(&pieces).expect("pieces")).collect();
        let answer: Answer = shop.post(random.choice(&paths).expect("paths")).body(body.clone()).send().await;
        let is_refused = (400..500).contains(&answer.status()) && answer.flaw_as_problem().is_none();
        assert!(is_refused, "seed {seed}, {body:?}: {answer}");
    }
}
