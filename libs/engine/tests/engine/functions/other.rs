use super::check_all;
use crate::support::refuse;

#[test]
fn addresses_have_parts() {
    check_all(&[
        ("parse::email::host('a@example.com')", "'example.com'"),
        ("parse::email::user('a@example.com')", "'a'"),
        ("parse::email::user('nothing')", "NONE"),
        ("parse::url::scheme('HTTPS://user@a.example:8080/b/c?d=e#f')", "'https'"),
        ("parse::url::host('https://user@a.example:8080/b/c?d=e#f')", "'a.example'"),
        ("parse::url::domain('https://1.2.3.4/')", "NONE"),
        ("parse::url::host('https://[::1]:80/')", "'[::1]'"),
        ("parse::url::port('https://user@a.example:8080/b/c?d=e#f')", "8080"),
        ("parse::url::port('https://a.example/')", "NONE"),
        ("parse::url::path('https://a.example:8080/b/c?d=e#f')", "'/b/c'"),
        ("parse::url::path('https://a.example')", "'/'"),
        ("parse::url::query('https://a.example/b?d=e#f')", "'d=e'"),
        ("parse::url::fragment('https://a.example/b?d=e#f')", "'f'"),
        ("parse::url::host('nothing')", "NONE"),
    ]);
}

#[test]
fn hashes_are_those_of_the_standards() {
    check_all(&[
        ("crypto::md5('abc')", "'900150983cd24fb0d6963f7d28e17f72'"),
        ("crypto::sha1('abc')", "'a9993e364706816aba3e25717850c26c9cd0d89d'"),
        ("crypto::sha256('abc')", "'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'"),
        ("string::len(crypto::sha512('abc'))", "128"),
        ("crypto::sha256(b'616263') = crypto::sha256('abc')", "true"),
        ("crypto::blake3('')", "'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262'"),
        ("crypto::joaat('a')", "3392050242"),
    ]);
}

#[test]
fn values_are_encoded_and_decoded() {
    check_all(&[
        ("encoding::base64::encode(b'00FF')", "'AP8'"),
        ("encoding::base64::encode('ab', true)", "'YWI='"),
        ("encoding::base64::decode('AP8')", "b'00FF'"),
        ("encoding::base64::decode('YWI=')", "b'6162'"),
        ("encoding::json::encode({ a: [1, 1.5, NONE] })", "'{\"a\":[1,1.5,null]}'"),
        ("encoding::json::decode('{\"a\":[1,null]}')", "{ a: [1, NULL] }"),
        ("bytes::len(b'0102')", "2"),
        ("value::chain(5, |$x| $x + 1)", "6"),
        ("5.chain(|$x| $x * 2)", "10"),
        ("not(0)", "true"),
    ]);
    refuse("encoding::json::decode('{')", "1:1 the string is not JSON");
    refuse("encoding::base64::decode('!')", "1:1 the string is not base64");
}

#[test]
fn a_near_name_is_suggested() {
    refuse("string::uppercas('a')", "1:1 there is no function `string::uppercas`; did you mean `string::uppercase`?");
    refuse("strng::len('a')", "1:1 there is no function `strng::len`; did you mean `string::len`?");
    refuse("string::nothing_like_it('a')", "1:1 there is no function `string::nothing_like_it`");
    refuse("http::get('a')", "1:1 there is no function `http::get`");
}
