"""Money on the pages: the price of an order before it is pressed, how it is made up, and what a limit leaves."""

from decimal import Decimal, InvalidOperation

import streamlit as st

from core.errors import Problem
from core.i18n import Reader
from core.ledger.costs import MILLION
from core.ledger.estimates import Estimate
from core.ledger.limits import GROUPED
from core.ledger.room import Use
from core.studio.orders import Order
from pages.parts.visit import Here

CENT = 10_000  # micro-dollars


def estimate_of(here: Here, order: Order) -> Estimate | None:
    """What the order may cost as it stands; None while the model could not do it, which pressing the button tells."""
    try:
        return here.services.requests.estimate(here.person.user_id, order)
    except Problem:
        return None


def generate_label(text: Reader, found: Estimate | None) -> str:
    if found is None:
        return text("Generate")
    if found.micros is None:
        return text("Generate · unpriced")
    return text("Generate · {price}", price=about(text, found.micros))


def again_label(text: Reader, found: Estimate | None) -> str:
    """For a picture that is there already."""
    if found is None:
        return text("Make it again")
    price = text("unpriced") if found.micros is None else about(text, found.micros)
    return text("Make it again · {price}", price=price)


def drafts_label(text: Reader, drafts: Order, found: Estimate | None) -> str:
    if found is None or found.micros is None:
        return text.plural("{count} draft", "{count} drafts", drafts.number)
    return text.plural(
        "{count} draft · {price}", "{count} drafts · {price}", drafts.number, price=about(text, found.micros)
    )


def about(text: Reader, micros: int) -> str:
    """A price before it is paid, as short as it can be said."""
    if micros == 0:
        return text("free")
    return text("about {price}", price=text.money(micros, 2 if micros >= CENT else 4))


def show_estimate(here: Here, found: Estimate | None) -> None:
    """Under the button: what limits leave, and, behind the question mark, how the price is made up."""
    text = here.reader
    left = [left_of(text, use) for use in here.services.ledger.uses(here.person.user_id)]
    if found is not None and found.micros:
        left.insert(0, text("At most {price}", price=text.money(found.micros)))
    if left:
        st.caption(" · ".join(left).replace("$", "\\$"), help=made_up(text, found) if found is not None else None)


def made_up(text: Reader, found: Estimate) -> str | None:
    """The parts of an estimate, as Markdown."""
    if found.each is None:
        return None
    tokens = found.tokens
    lines = [
        text.plural(
            "{count} picture, {price} each",
            "{count} pictures, {price} each",
            found.number,
            price=text.money(found.each),
        ),
        text("each at most: {tokens} tokens of picture and previews", tokens=text.number(tokens.image_out)),
        text("{tokens} tokens of description", tokens=text.number(tokens.text_in)),
    ]
    if tokens.image_in:
        lines.append(text("{tokens} tokens of pictures to start from", tokens=text.number(tokens.image_in)))
    if found.is_bound:
        lines.append(text("The exact price is known afterwards; it is not higher than this."))
    return "\n\n".join(lines).replace("$", "\\$")


def left_of(text: Reader, use: Use) -> str:
    left = text.money(use.left) if use.is_money else text.number(use.left)
    return text("{limit}: {left} left", limit=text(use.name), left=left)


def show_uses(here: Here, user_id: int | None = None) -> None:
    """A small bar for each limit, of the person who looks or of another."""
    text = here.reader
    for use in here.services.ledger.uses(here.person.user_id if user_id is None else user_id):
        taken = use.used + use.reserved
        st.progress(min(1.0, taken / use.most) if use.most else 1.0, text=_use_line(text, use).replace("$", "\\$"))


def _use_line(text: Reader, use: Use) -> str:
    def shown(value: int) -> str:
        return text.money(value) if use.is_money else text.number(value)

    line = text(
        "{limit}: {used} of {most} used, {reserved} reserved, {left} left",
        limit=text(use.name),
        used=shown(use.used),
        most=shown(use.most),
        reserved=shown(use.reserved),
        left=shown(use.left),
    )
    if use.resets is None:
        return line
    return f"{line} · {text('starts anew on {moment}', moment=text.moment(use.resets))}"


def dollars_of(typed: str) -> Decimal:
    """An amount as people write it, with a point or a comma."""
    refusal = Problem("price_impossible", value=typed[:20])
    if GROUPED.fullmatch(typed.strip()):
        raise refusal
    try:
        amount = Decimal(typed.strip().removeprefix("$").replace(",", "."))
    except InvalidOperation:
        raise refusal from None
    if not amount.is_finite() or amount < 0:
        raise refusal
    return amount


def micros_of(typed: str) -> int | None:
    """The same in micro-dollars; None where nothing is typed."""
    return round(dollars_of(typed) * MILLION) if typed.strip() else None


def cost_of(text: Reader, cost: int | None) -> str:
    return text("unpriced") if cost is None else text("free") if cost == 0 else text.money(cost)
