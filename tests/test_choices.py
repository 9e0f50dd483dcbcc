"""The last choices are there again, on whatever device."""

from sqlalchemy import update

from core.storage.database import Database
from core.storage.tables import User
from core.studio.choices import Choices, LastChoices
from core.studio.orders import Order
from tests.studio import MODEL, insert_cast


def test_the_last_choices_are_remembered_for_each_person(database: Database) -> None:
    cast, choices = insert_cast(database), LastChoices(database)
    assert choices.of(cast.alice) == Choices()
    choices.remember(cast.alice, Order("a tree", MODEL, "1024x1024", "high", 3, None, "webp", 80))
    assert choices.of(cast.alice) == Choices(MODEL, "1024x1024", "high", 3, None, "webp", 80)
    assert choices.of(cast.bob) == Choices()


def test_what_an_earlier_program_remembered_and_means_nothing_now_is_left_out(database: Database) -> None:
    cast, choices = insert_cast(database), LastChoices(database)
    with database.write() as session:
        session.execute(update(User).where(User.id == cast.alice).values(choices={"style": "vivid", "number": 2}))
    assert choices.of(cast.alice) == Choices(number=2)
