"""Texts in every charset that customers' programs use, rightly and wrongly declared, in each transfer encoding."""

from __future__ import annotations

import base64
import codecs
import quopri
from collections.abc import Iterator

from tests.corpus_mails import Letter, letter

POLISH = "Dzień dobry, paczka z zamówienia nie dotarła. Proszę o pomoc, żółta koperta też zginęła."
GERMAN = "Guten Tag, mein Päckchen ist beschädigt. Bitte prüfen Sie die größere Straße."
FRENCH = "Bonjour, où est ma commande ? Le reçu a été envoyé à Noël."
CZECH = "Dobrý den, objednávka ještě nepřišla, prosím o zprávu. Příliš žluťoučký kůň."
RUSSIAN = "Здравствуйте, посылка до сих пор не пришла. Помогите, пожалуйста."
UKRAINIAN = "Добрий день, де моє замовлення? Її ще немає."
GREEK = "Καλημέρα, το δέμα δεν έφτασε ακόμα. Ευχαριστώ πολύ."
TURKISH = "Merhaba, siparişim gelmedi. İğne ve ışık eksik, çok üzgünüm."
HEBREW = "שלום, החבילה עדיין לא הגיעה"
ARABIC = "مرحبا، لم يصل الطرد بعد"
LITHUANIAN = "Laba diena, siuntinys dar neatėjo, žiūrėkite užsakymą."
VIETNAMESE = "Xin chào, tôi chưa nhận được đơn hàng."
THAI = "สวัสดี พัสดุยังไม่มาถึง"
JAPANESE = "お世話になっております。荷物がまだ届いていません。ご確認をお願いいたします。"
VENDOR = "①番の商品、㈱山田の№５、髙橋様宛です。"
HALF_WIDTH = "ﾆﾓﾂｶﾞ ﾄﾄﾞｷﾏｾﾝ。確認お願いします"
CHINESE = "您好，包裹还没有到，请帮忙查询。谢谢。"
TAIWANESE = "您好，包裹還沒有到，請幫忙查詢。謝謝。"
KOREAN = "안녕하세요, 소포가 아직 도착하지 않았습니다."

RIGHTLY = (
    (POLISH, "utf-8"),
    (POLISH, "iso-8859-2"),
    (POLISH, "windows-1250"),
    (POLISH, "cp852"),
    (POLISH, "utf-16"),
    (POLISH, "utf-7"),
    (POLISH, "x-mac-ce"),
    (GERMAN, "iso-8859-1"),
    (GERMAN, "iso-8859-15"),
    (GERMAN, "windows-1252"),
    (GERMAN, "cp850"),
    (GERMAN, "x-mac-roman"),
    (FRENCH, "iso-8859-15"),
    (CZECH, "iso-8859-2"),
    (CZECH, "windows-1250"),
    (RUSSIAN, "koi8-r"),
    (RUSSIAN, "windows-1251"),
    (RUSSIAN, "iso-8859-5"),
    (UKRAINIAN, "koi8-u"),
    (UKRAINIAN, "windows-1251"),
    (GREEK, "iso-8859-7"),
    (GREEK, "windows-1253"),
    (TURKISH, "iso-8859-9"),
    (TURKISH, "windows-1254"),
    (HEBREW, "windows-1255"),
    (HEBREW, "iso-8859-8-i"),
    (ARABIC, "windows-1256"),
    (LITHUANIAN, "windows-1257"),
    (LITHUANIAN, "iso-8859-13"),
    (THAI, "tis-620"),
    (THAI, "windows-874"),
    (JAPANESE, "utf-8"),
    (JAPANESE, "iso-2022-jp"),
    (JAPANESE, "shift_jis"),
    (JAPANESE, "windows-31j"),
    (JAPANESE, "x-sjis"),
    (JAPANESE, "euc-jp"),
    (VENDOR, "windows-31j"),
    (VENDOR, "shift_jis"),
    (HALF_WIDTH, "shift_jis"),
    (CHINESE, "gb2312"),
    (CHINESE, "gb18030"),
    (CHINESE, "hz-gb-2312"),
    (TAIWANESE, "big5"),
    (KOREAN, "euc-kr"),
    (KOREAN, "ks_c_5601-1987"),
    (KOREAN, "iso-2022-kr"),
)
WRITTEN_AS = {
    "x-mac-ce": "mac_latin2",
    "x-mac-roman": "mac_roman",
    "windows-31j": "cp932",
    "x-sjis": "cp932",
    "shift_jis": "cp932",
    "iso-8859-8-i": "iso8859-8",
    "windows-874": "cp874",
    "tis-620": "tis_620",
    "hz-gb-2312": "hz",
    "ks_c_5601-1987": "cp949",
}
"""What Python calls what senders name so."""

WRONGLY = (
    (POLISH, "utf-8", "iso-8859-2"),
    (POLISH, "utf-8", "windows-1250"),
    (POLISH, "utf-8", "us-ascii"),
    (POLISH, "utf-8", "x-unknown"),
    (POLISH, "windows-1250", "iso-8859-2"),
    (POLISH, "windows-1250", "utf-8"),
    (POLISH, "windows-1250", "us-ascii"),
    (POLISH, "iso-8859-2", "utf-8"),
    (POLISH, "iso-8859-2", "iso-8859-1"),
    (GERMAN, "utf-8", "iso-8859-1"),
    (GERMAN, "windows-1252", "utf-8"),
    (GERMAN, "iso-8859-1", "us-ascii"),
    (GERMAN, "iso-8859-1", "unknown-8bit"),
    (FRENCH, "utf-8", "windows-1252"),
    (CZECH, "windows-1250", "utf-8"),
    (RUSSIAN, "utf-8", "koi8-r"),
    (RUSSIAN, "utf-8", "windows-1251"),
    (GREEK, "utf-8", "iso-8859-7"),
    (JAPANESE, "utf-8", "iso-2022-jp"),
    (JAPANESE, "utf-8", "shift_jis"),
    (JAPANESE, "cp932", "iso-2022-jp"),
    (JAPANESE, "cp932", "us-ascii"),
    (JAPANESE, "cp932", "iso-8859-1"),
    (JAPANESE, "cp932", "utf-8"),
    (JAPANESE, "euc_jp", "iso-2022-jp"),
    (JAPANESE, "euc_jp", "iso-8859-1"),
    (JAPANESE, "iso-2022-jp", "utf-8"),
    (JAPANESE, "iso-2022-jp", "iso-8859-1"),
    (JAPANESE, "iso-2022-jp", "shift_jis"),
    (CHINESE, "gb18030", "gb2312"),
)

BYTES = (
    ("① and ㈱ in ISO-2022-JP", b"\x1b$B-!-j9b66$G$9\x1b(B", "iso-2022-jp", "①㈱高橋です"),
    ("half-width kana by escape", b"\x1b(I1234\x1b(B ok", "iso-2022-jp", "ｱｲｳｴ ok"),
    ("half-width kana as CP50221", b"\x1b(I1234\x1b(B ok", "cp50221", "ｱｲｳｴ ok"),
    ("ISO-2022-JP that never shifts back", b"\x1b$B2YJ*", "iso-2022-jp", "荷物"),
    ("ISO-2022-JP, JIS X 0208-1978", b"\x1b$@2YJ*\x1b(J", "iso-2022-jp", "荷物"),
    ("ISO-2022-JP undeclared", b"\x1b$B2YJ*\x1b(B", "", "荷物"),
    ("UTF-8 with a mark", codecs.BOM_UTF8 + "zażółć".encode(), "utf-8", "zażółć"),
    ("UTF-16 with a mark, undeclared", codecs.BOM_UTF16_LE + "zażółć".encode("utf-16-le"), "", "zażółć"),
    ("quotes of Windows as ISO-8859-1", b"\x93Hello\x94 \x96 it\x92s me", "iso-8859-1", "“Hello” – it’s me"),
    ("the euro of Windows as ISO-8859-1", b"20 \x80", "iso-8859-1", "20 €"),
    ("one wrong byte", "Dzień dobry, ".encode() + b"\xff" + " żółw".encode(), "utf-8", "Dzień dobry, \ufffd żółw"),
    ("no charset at all", b"plain ASCII", "", "plain ASCII"),
    ("zero bytes", b"a\x00b", "utf-8", "ab"),
    ("a charset in quotes", "żółw".encode(), '"utf-8"', "żółw"),
    ("a charset with a blank", "żółw".encode(), "utf-8 ", "żółw"),
    ("a charset spelt utf8", "żółw".encode(), "utf8", "żółw"),
    ("a charset of MySQL", "żółw".encode(), "utf8mb4", "żółw"),
)


def letters() -> Iterator[Letter]:
    """All of them."""
    for text, charset in RIGHTLY:
        raw = text.encode(WRITTEN_AS.get(charset, charset))
        yield _letter(f"{text[:9]}… in {charset}, quoted-printable", raw, charset, "quoted-printable", text)
        if charset != "utf-16":  # its zero bytes stand in no 8-bit mail
            yield _letter(f"{text[:9]}… in {charset}, 8bit", raw, charset, "8bit", text)
    for text, real, declared in WRONGLY:
        raw = text.encode(real)
        yield _letter(f"{text[:9]}… in {real} declared {declared}", raw, declared, "base64", text)
    for name, raw, declared, text in BYTES:
        yield _letter(name, raw, declared, "base64", text)


def _letter(name: str, raw: bytes, charset: str, encoding: str, text: str) -> Letter:
    match encoding:
        case "base64":
            body = base64.encodebytes(raw)
        case "quoted-printable":
            body = quopri.encodestring(raw)
        case _:
            body = raw
    content_type = f"Content-Type: text/plain; charset={charset}" if charset else "Content-Type: text/plain"
    return Letter(
        name=name,
        raw=letter(body, "MIME-Version: 1.0", content_type, f"Content-Transfer-Encoding: {encoding}"),
        text=text,
    )
