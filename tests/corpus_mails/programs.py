"""Replies as the usual programs write them, in four languages: what is new, what is quoted, who signed."""

from __future__ import annotations

from collections.abc import Iterator

from tests.corpus_mails import Letter, plain

ANSWERS = {
    "pl": "Dziękuję, paczka już dotarła.\nAle brakuje faktury.",
    "en": "Thank you, the parcel has come.\nBut the invoice is missing.",
    "de": "Danke, das Paket ist da.\nAber die Rechnung fehlt.",
    "ja": "ありがとうございます。荷物は届きました。\nですが、領収書がありません。",
}
OURS = {
    "pl": "Szanowna Pani,\npaczka jest w drodze.",
    "en": "Dear customer,\nyour parcel is on its way.",
    "de": "Sehr geehrte Frau Nowak,\nIhr Paket ist unterwegs.",
    "ja": "お客様\n荷物は発送済みです。",
}

MARKED = (
    ("Gmail", "pl", "pon., 23 lis 2026 o 10:00 Support <support@example.com> napisał(a):"),
    (
        "Gmail, broken line",
        "pl",
        "niedz., 22 lis 2026 o 10:00 Dział Obsługi Klienta Sklepu Przykładowego\n<support@example.com> napisał(a):",
    ),
    ("Gmail", "en", "On Mon, Nov 23, 2026 at 10:00 AM Support <support@example.com> wrote:"),
    (
        "Gmail, broken line",
        "en",
        "On Mon, Nov 23, 2026 at 10:00 AM Customer Support of the Example Shop <\nsupport@example.com> wrote:",
    ),
    ("Gmail", "de", "Am Mo., 23. Nov. 2026 um 10:00 Uhr schrieb Support <support@example.com>:"),
    (
        "Gmail, broken line",
        "de",
        "Am Mo., 23. Nov. 2026 um 10:00 Uhr schrieb Kundendienst des Beispielladens <\nsupport@example.com>:",
    ),
    ("Gmail", "ja", "2026年11月23日(月) 10:00 Support <support@example.com>:"),
    ("Thunderbird", "pl", "W dniu 23.11.2026 o 10:00, Support pisze:"),
    ("Thunderbird", "en", "On 23/11/2026 10:00, Support wrote:"),
    ("Thunderbird", "de", "Am 23.11.26 um 10:00 schrieb Support:"),
    ("Thunderbird", "ja", "On 2026/11/23 10:00, Support wrote:"),
    ("Thunderbird, translated", "ja", "2026/11/23 10:00、Support のメール:"),
    ("Apple Mail", "pl", "Wiadomość napisana przez Support <support@example.com> w dniu 23.11.2026, o godz. 10:00:"),
    ("Apple Mail", "en", "On 23 Nov 2026, at 10:00, Support <support@example.com> wrote:"),
    ("Apple Mail", "de", "Am 23.11.2026 um 10:00 schrieb Support <support@example.com>:"),
    ("Apple Mail", "ja", "2026/11/23 10:00、Support <support@example.com>のメール:"),
    ("Becky!", "en", "On Mon, 23 Nov 2026 10:00:00 +0900\nSupport <support@example.com> wrote:"),
    ("Becky!", "ja", "Support さんは書きました:"),
    ("Onet", "pl", "Dnia 23 listopada 2026 10:00 Support <support@example.com> napisał(a):"),
    ("WP", "pl", "Dnia 23 listopada 2026 10:00 Support napisał:"),
    ("Yahoo", "en", "On Monday, November 23, 2026, 10:00:00 AM GMT+1, Support <support@example.com> wrote:"),
    ("mutt", "en", "On Mon, Nov 23, 2026 at 10:00:00AM +0100, Support wrote:"),
    ("KMail", "de", "Am Montag, 23. November 2026, 10:00:00 CET schrieb Support:"),
    ("Roundcube", "pl", "W dniu 2026-11-23 10:00, Support napisał(a):"),
    ("Roundcube", "de", "Am 2026-11-23 10:00, schrieb Support:"),
    ("Roundcube", "en", "On 2026-11-23 10:00, Support wrote:"),
    ("Sylpheed", "ja", "(2026/11/23 10:00), Support wrote:"),
)
"""Programs that mark the quoted lines, and what they write above them."""

UNMARKED = (
    (
        "Outlook",
        "pl",
        "Od: Support <support@example.com>\nWysłano: poniedziałek, 23 listopada 2026 10:00\nDo: Anna Nowak\nTemat: Re: Paczka\n",
    ),
    (
        "Outlook",
        "en",
        "From: Support <support@example.com>\nSent: Monday, 23 November 2026 10:00\nTo: Anna Nowak\nSubject: Re: Parcel\n",
    ),
    (
        "Outlook",
        "de",
        "Von: Support <support@example.com>\nGesendet: Montag, 23. November 2026 10:00\nAn: Anna Nowak\nBetreff: AW: Paket\n",
    ),
    (
        "Outlook",
        "ja",
        "差出人: Support <support@example.com>\n送信日時: 2026年11月23日 10:00\n宛先: Anna Nowak\n件名: Re: 荷物\n",
    ),
    ("Outlook, wide colons", "ja", "差出人：Support\n送信日時：2026年11月23日 10:00\n宛先：Anna Nowak\n"),
    ("Outlook, old", "pl", "-----Oryginalna wiadomość-----\nOd: Support\nData: 23 listopada 2026\n"),
    ("Outlook, old", "en", "-----Original Message-----\nFrom: Support\nSent: Monday\n"),
    ("Outlook, old", "de", "-----Ursprüngliche Nachricht-----\nVon: Support\nGesendet: Montag\n"),
    ("Outlook, old", "ja", "-----元のメッセージ-----\n差出人: Support\n"),
    (
        "Outlook for phones",
        "en",
        "________________________________\nFrom: Support <support@example.com>\nSent: Monday, November 23, 2026 10:00:00 AM\nTo: Anna\n",
    ),
    (
        "Outlook for phones",
        "pl",
        "________________________________\nOd: Support <support@example.com>\nWysłane: poniedziałek, 23 listopada 2026 10:00\nDo: Anna\n",
    ),
    (
        "Outlook for phones",
        "de",
        "________________________________\nVon: Support <support@example.com>\nGesendet: Montag, 23. November 2026 10:00\nAn: Anna\n",
    ),
    (
        "Outlook for phones",
        "ja",
        "________________________________\n差出人: Support <support@example.com>\n送信日時: 2026年11月23日\n宛先: Anna\n",
    ),
    (
        "Outlook, bold",
        "en",
        "*From:* Support <support@example.com>\n*Sent:* Monday, 23 November 2026 10:00\n*To:* Anna\n",
    ),
    (
        "GMX",
        "de",
        'Gesendet: Montag, 23. November 2026 um 10:00 Uhr\nVon: "Support" <support@example.com>\nAn: anna.nowak@example.com\n',
    ),
    ("T-Online", "de", "-----Original-Nachricht-----\nBetreff: Re: Paket\nDatum: 2026-11-23\n"),
    ("Yahoo", "ja", "----- Original Message -----\nFrom: Support\nTo: Anna\nDate: 2026/11/23, Mon 10:00\n"),
    ("Lotus Notes", "en", "----- Original message -----\nFrom: Support\n"),
)
"""Programs that do not mark the lines: all below is quoted."""

SIGNATURES = (
    ("dashes", "pl", "-- \nAnna Nowak\ntel. 22 555 01 00"),
    ("dashes without a blank", "en", "--\nAnna Nowak\n22 555 01 00"),
    ("iPhone", "pl", "Wysłane z iPhone'a"),
    ("iPhone", "en", "Sent from my iPhone"),
    ("iPhone", "de", "Von meinem iPhone gesendet"),
    ("iPhone", "ja", "iPhoneから送信"),
    ("Samsung", "pl", "Wysłano z mojego smartfonu Samsung Galaxy."),
    ("Samsung", "en", "Sent from my Galaxy"),
    ("Samsung", "de", "Von meinem Samsung Galaxy Smartphone gesendet."),
    ("Outlook for phones", "pl", "Pobierz aplikację Outlook dla systemu iOS"),
    ("Outlook for phones", "en", "Get Outlook for Android"),
    ("Outlook for phones", "de", "Holen Sie sich Outlook für iOS"),
    ("Outlook for phones", "ja", "Android版 Outlookを入手"),
    ("GMX", "de", "Gesendet mit der GMX Mail App"),
    ("Yahoo", "en", "Sent from Yahoo Mail on Android"),
    ("closing words", "pl", "Pozdrawiam serdecznie,\nAnna Nowak\nNowak Meble sp. z o.o.\ntel. 22 555 01 00"),
    ("closing words, formal", "pl", "Z poważaniem\nAnna Nowak"),
    ("closing words", "en", "Kind regards,\nAnna Nowak\nNowak Furniture"),
    ("closing words", "de", "Mit freundlichen Grüßen\nAnna Nowak\nNowak Möbel GmbH"),
    ("closing words, short", "de", "Viele Grüße\nAnna"),
    (
        "two rules",
        "ja",
        "==============================\n山田商事株式会社\n山田 花子\nTEL 03-5550-0100\n==============================",
    ),
    ("two rules of boxes", "ja", "────────────────\n山田 花子\nhanako@example.jp\n────────────────"),
    ("stars", "ja", "★★★★★★★★★★\n山田 花子\n★★★★★★★★★★"),
    ("one rule", "ja", "--------------------\n株式会社 山田商事\n山田 花子\nhanako@example.jp"),
)

WHOLE = (
    (
        "answers between the lines",
        "On 23 Nov 2026 at 10:00, Support wrote:\n> A refund?\nYes, please.\n> Which size?\nXL",
    ),
    (
        "a forwarded mail",
        "Proszę zobaczyć.\n\n---------- Forwarded message ---------\nFrom: Shop <shop@example.net>\nDate: Mon\nSubject: Order\n\nYour order is late.",
    ),
    (
        "a forwarded mail of Apple",
        "Bitte lesen.\n\nBegin forwarded message:\n\nFrom: Shop <shop@example.net>\nSubject: Bestellung\nDate: Mon\n\nIhre Bestellung.",
    ),
    ("words like an announcement", "On Monday my neighbour wrote:\nI have your parcel."),
    ("a list with dashes", "I want:\n-- one chair\n-- two tables"),
    ("a postscript below the closing", "Bitte schicken.\n\nViele Grüße\nAnna\nPS: Wann kommt es?"),
    ("a question below the closing", "I wait.\n\nRegards\nAnna\nCan you call me today?"),
    ("greater than", "5 > 3, so 5 parcels are more than 3."),
    ("a table", "size | 10\n-----------\ncolour | red"),
    ("only a closing", "Pozdrawiam"),
    ("only a quotation", "> Jaki rozmiar?\n> Jaki kolor?"),
    ("a time at the beginning of a line", "2026/11/23 10:00 に届くと聞きました。\n今はもう夕方です。"),
)


def letters() -> Iterator[Letter]:
    """All of them."""
    for program, language, announced in MARKED:
        marked = "\n".join(f"> {line}" for line in OURS[language].split("\n"))
        yield _reply(f"{program}, {language}, above", language, f"{ANSWERS[language]}\n\n{announced}\n\n{marked}\n")
        yield _reply(f"{program}, {language}, below", language, f"{announced}\n{marked}\n\n{ANSWERS[language]}\n")
    for program, language, block in UNMARKED:
        yield _reply(f"{program}, {language}", language, f"{ANSWERS[language]}\n\n{block}\n{OURS[language]}\n")
    for kind, language, signature in SIGNATURES:
        yield Letter(
            name=f"signed: {kind}, {language}",
            raw=plain(f"{ANSWERS[language]}\n\n{signature}\n"),
            text=ANSWERS[language],
            signature=signature,
        )
    for kind, text in WHOLE:
        yield Letter(name=f"whole: {kind}", raw=plain(text), text=text, quoted="", signature="")


def _reply(name: str, language: str, body: str) -> Letter:
    return Letter(name=name, raw=plain(body), text=ANSWERS[language], quoted=OURS[language].split("\n")[1])
