"""The pages behind a link: the picture, the question for a password, and that there is nothing. HTML without a script.

Messengers read the head of the page to show what a link leads to (Open Graph); of a picture that asks for a password
they learn nothing.
"""

import base64
import hashlib
from html import escape

from core.i18n import Reader
from core.storage.cards import card_size
from core.storage.tables import Image, Share

STYLE = """
:root { color-scheme: light dark; --line: light-dark(#ddd7cb, #3a3732); --accent: light-dark(#a4481f, #b9572b); }
* { box-sizing: border-box; }
body { font: 16px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif; margin: 0; min-height: 100vh;
  min-height: 100dvh; display: grid; grid-template-rows: max-content 1fr max-content;
  background: light-dark(#fbfaf7, #161513); color: light-dark(#221f1b, #ece8e1); }
header { display: flex; align-items: center; gap: .5rem; padding: .9rem 1.25rem; font-weight: 600; }
header svg { width: 1.5rem; height: 1.5rem; }
main { padding: 0 1.25rem 1rem; display: grid; place-content: center; justify-items: center; gap: 1rem; min-width: 0; }
figure { margin: 0; display: grid; justify-items: center; gap: 1.1rem; min-width: 0; }
figure img { display: block; max-width: 100%; max-height: 78vh; max-height: 78dvh; width: auto; height: auto;
  border-radius: .7rem; background: light-dark(#f1eee7, #211f1c); }
figcaption { max-width: min(44rem, 100%); white-space: pre-wrap; overflow-wrap: anywhere; }
footer { padding: .9rem 1.25rem 1.3rem; display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; justify-content: center;
  align-items: baseline; font-size: .88rem; color: light-dark(#625c52, #a9a296); }
a { color: light-dark(#8f3d19, #e9a27c); }
a:focus-visible, button:focus-visible, input:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
h1 { font-size: 1.4rem; line-height: 1.25; margin: 0; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.said { max-width: 24rem; width: 100%; display: grid; gap: .9rem; padding-bottom: 12vh; }
.said p { margin: 0; }
form { display: grid; gap: .9rem; }
label { display: grid; gap: .35rem; font-size: .92rem; }
input { font: inherit; color: inherit; padding: .6rem .75rem; border: 1px solid var(--line); border-radius: .6rem;
  width: 100%; background: light-dark(#fff, #211f1c); }
button { font: inherit; font-weight: 500; color: #fff; background: #a4481f; border: 0; border-radius: .6rem;
  padding: .65rem 1rem; cursor: pointer; }
.refusal { color: light-dark(#9c2b16, #f0a08a); }
"""
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; img-src 'self' data:; style-src 'sha256-{_HASH}'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
MARK = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="1 3 26 26"><rect x="1" y="3" width="26" height="26" rx="6"'
    ' fill="#b0522b"/><circle cx="18.5" cy="11.5" r="3.2" fill="#ffe7c7"/><path d="M4 24.5 11 14l4.6 6.4 3-3.6 5.4'
    ' 7.7z" fill="#ffe7c7"/></svg>'
)
ICON = "data:image/svg+xml;base64," + base64.b64encode(MARK.encode()).decode()
LONGEST_SUMMARY = 300


def picture_page(text: Reader, share: Share, address: str) -> str:
    """`address` is the whole address of this page, as whoever asks has reached it."""
    image = share.image
    description = image.request.description if share.with_description else ""
    alt = escape(description or text("A shared picture"))
    caption = f'<figcaption dir="auto">{escape(description)}</figcaption>' if description else ""
    path = f"/s/{address.rsplit('/', 1)[1]}"
    size = f' width="{image.width}" height="{image.height}"' if image.width and image.height else ""
    facts = [_made(text, image)]
    if share.ends_at is not None:
        facts.append(text("This link ends on {moment}.", moment=text.moment(share.ends_at)))
    said = "".join(f"<span>{escape(fact)}</span>" for fact in facts)
    title = text("A shared picture")
    return _page(
        text,
        title,
        f'<h1 class="unseen">{escape(title)}</h1>'
        f'<figure><a href="{path}/picture"><img src="{path}/picture" alt="{alt}"{size}></a>{caption}</figure>',
        f'<a href="{path}/picture?download" download>{escape(text("Download the picture"))}</a>{said}',
        _preview(text, image, description, address),
    )


def password_page(text: Reader, refusal: str = "") -> str:
    title, hint = text("This picture is protected"), text("Whoever sent you the link knows the password.")
    said = f'<p class="refusal" role="alert">{escape(refusal)}</p>' if refusal else ""
    main = (
        f'<div class="said"><h1>{escape(title)}</h1><p>{escape(hint)}</p><form method="post">'
        f'<label>{escape(text("Password"))}<input type="password" name="password" required autofocus'
        f' autocomplete="off" maxlength="200"></label>{said}<button>{escape(text("Show the picture"))}</button>'
        "</form></div>"
    )
    return _page(text, title, main, head=_meta("property", "og:title", title))


def nothing_page(text: Reader) -> str:
    """The same for everything that is not there, whatever the reason."""
    title = text("There is nothing to see here")
    reason = text("The link has ended or was taken back, or part of its address is missing.")
    remedy = text("Ask whoever sent it for a new one.")
    return _page(text, title, f'<div class="said"><h1>{escape(title)}</h1><p>{escape(f"{reason} {remedy}")}</p></div>')


def missing_page(text: Reader) -> str:
    """For an address at which the studio has no page."""
    title, hint = text("There is no such page"), text("Its address may have a slip in it.")
    way = f'<p><a href="/">{escape(text("To the first page"))}</a></p>'
    return _page(text, title, f'<div class="said"><h1>{escape(title)}</h1><p>{escape(hint)}</p>{way}</div>')


def _page(text: Reader, title: str, main: str, footer: str = "", head: str = "") -> str:
    return (
        f'<!DOCTYPE html><html lang="{text.language}"><head><meta charset="utf-8">'
        f'<title>{escape(title)} · Imagier</title><meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="robots" content="noindex, nofollow"><meta name="referrer" content="no-referrer">'
        f'{head}<link rel="icon" href="{ICON}"><style>{STYLE}</style></head>'
        f"<body><header>{MARK}<span>Imagier</span></header><main>{main}</main><footer>{footer}</footer></body></html>"
    )


def _preview(text: Reader, image: Image, description: str, address: str) -> str:
    """Open Graph, and what others have made of it."""
    title, locales = text("A shared picture"), {"fr": "fr_FR", "en": "en_US"}
    tags = {
        "og:type": "website",
        "og:site_name": "Imagier",
        "og:locale": locales[text.language],
        "og:url": address,
        "og:title": title,
        "og:description": _summary(description),
    }
    if image.has_thumbnails and image.width and image.height:
        width, height = card_size(image.width, image.height)
        tags |= {
            "og:image": f"{address}/preview.jpg",
            "og:image:type": "image/jpeg",
            "og:image:width": str(width),
            "og:image:height": str(height),
            "og:image:alt": _summary(description) or title,
        }
    cards = {
        "twitter:card": "summary_large_image" if "og:image" in tags else "summary",
        "twitter:title": title,
        "twitter:description": tags["og:description"],
        "twitter:image": tags.get("og:image", ""),
        "twitter:image:alt": tags.get("og:image:alt", ""),
    }
    named = [_meta("property", name, value) for name, value in tags.items() if value]
    return "".join([*named, *(_meta("name", name, value) for name, value in cards.items() if value)])


def _meta(kind: str, name: str, value: str) -> str:
    return f'<meta {kind}="{name}" content="{escape(value)}">'


def _summary(description: str) -> str:
    line = " ".join(description.split())
    return line if len(line) <= LONGEST_SUMMARY else line[: LONGEST_SUMMARY - 1].rstrip() + "…"


def _made(text: Reader, image: Image) -> str:
    if image.connection == "painter":
        return text("Drawn by Imagier’s painter, without AI.")
    return text("Made by an AI with Imagier.")
