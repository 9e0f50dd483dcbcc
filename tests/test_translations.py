"""Every text is in both languages, and what a page shows is one of these texts."""

import ast
import re
from collections.abc import Iterator
from string import Formatter

import pytest
from babel.messages.catalog import Message

from core.i18n import LANGUAGES
from tests import messages
from tests.messages import Module

FILLED_IN_THE_BROWSER = {"{seconds} s"}

# The same thing has the same name everywhere: (the English word, the French one).
WORDS = [
    (r"sign-in name", r"identifiant"),
    (r"passwords?", r"mots? de passe"),
    (r"set-up code", r"code d’installation|«\xa0set-up code\xa0»"),  # in the log it stands in English
    (r"accounts?", r"comptes?"),
    (r"administrator", r"administrat(eur|ion|rice)"),
    (r"pictures?", r"images?"),
    (r"description", r"description"),
    (r"gallery", r"galerie"),
    (r"provider", r"fournisseur"),
    (r"moderation", r"modération"),
    (r"model", r"modèle"),
    (r"quality", r"qualité"),
    (r"size", r"taille"),
    (r"background", r"fond"),
    (r"request id", r"identifiant de la requête"),
    (r"the line", r"(la|de) (file|ligne)"),
    (r"painter, no AI", r"peintre, sans IA"),
    (r"billed", r"factur"),
    (r"upload", r"(import|envoy)"),
    (r"try again", r"(re|ré)essayer|réessayez"),
]
FRENCH_FAULTS = {
    "a straight apostrophe, for ’": re.compile(r"'"),
    "straight or English quotation marks, for « »": re.compile(r"[\"“”]"),
    "three dots, for …": re.compile(r"\.\.\."),
    "no narrow no-break space (U+202F) before ; ! ?": re.compile(r"(?<!\u202f)[;!?]"),
    "no no-break space (U+00A0) before a colon": re.compile(r"(?<!\xa0):(?=\s|$)"),
    "no no-break space (U+00A0) inside « »": re.compile(r"«(?!\xa0)|(?<!\xa0)»"),
    "a breaking space before a unit or a sign": re.compile(r"[\d}] (Mo|ko|Go|octets?|s(?!’)|%|€|pixels?)\b"),
    "two spaces": re.compile(r"[ \xa0\u202f]{2}"),
    "a space before a comma or a full stop": re.compile(r"[ \xa0\u202f][,.]"),
    "a ligature in two letters, for œ": re.compile(r"oeu", re.IGNORECASE),
    "a capital without its accent": re.compile(r"\b(A |Etat|Ecr|Eche|Edit|Etes|Equip)"),
}


def messages_of(language: str) -> Iterator[Message]:
    return (message for message in messages.read(language) if message.id)


def pairs() -> list[tuple[str, str]]:
    """Each French text beside the English one that it stands for; one that is missing is told of once, elsewhere."""
    found: list[tuple[str, str]] = []
    for message in messages_of("fr"):
        found += zip(forms(message.id), forms(message.string), strict=True)
    return [pair for pair in found if pair[1]]


def forms(text: object) -> tuple[str, ...]:
    """A text alone, or in its plural forms."""
    return tuple(text) if isinstance(text, (list, tuple)) else (str(text),)


def gaps(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)


PAIRS = pairs()

# --- complete


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogue_is_what_make_messages_would_write(language: str) -> None:
    # Else: run `make messages`, and translate what it names.
    assert messages.path_of(language).read_bytes() == messages.written(messages.updated(language, messages.all_texts()))


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_in_a_catalogue_is_obsolete_or_guessed(language: str) -> None:
    catalogue = messages.read(language)
    assert not catalogue.obsolete
    assert [message.id for message in catalogue if message.id and message.fuzzy] == []


def test_every_text_is_translated_into_french() -> None:
    strings = [(message.id, forms(message.string)) for message in messages_of("fr")]
    assert [english for english, french in strings if not all(form.strip() for form in french)] == []


def test_an_english_text_is_itself() -> None:
    for message in messages_of("en"):
        assert not any(forms(message.string)) or forms(message.string) == forms(message.id)


def test_plurals_have_all_their_forms() -> None:
    catalogue = messages.read("fr")
    for message in messages_of("fr"):
        if not isinstance(message.id, str):
            assert len(forms(message.string)) == catalogue.num_plurals
            assert all(forms(message.string))


def test_a_catalogue_names_nobody_and_no_day() -> None:
    for language in LANGUAGES:
        head = messages.path_of(language).read_text("utf-8").partition("\n\n")[0]
        assert re.findall(r'^"([\w-]+):', head, re.MULTILINE) == [
            "Project-Id-Version",
            "Language",
            "MIME-Version",
            "Content-Type",
            "Content-Transfer-Encoding",
            "Plural-Forms",
        ]


# --- equal


def test_both_languages_have_the_same_gaps() -> None:
    assert [pair for pair in PAIRS if gaps(pair[0]) != gaps(pair[1])] == []


def test_both_languages_begin_and_end_with_the_same_spaces() -> None:
    def ends(text: str) -> tuple[bool, str]:
        return text[:1].isspace(), text[len(text.rstrip()) :]

    assert [pair for pair in PAIRS if ends(pair[0]) != ends(pair[1])] == []


def test_both_languages_end_with_the_same_punctuation() -> None:
    def last(text: str) -> str:
        sign = text.rstrip()[-1:]
        return sign if sign in ".,:;!?…" else ""

    assert [pair for pair in PAIRS if last(pair[0]) != last(pair[1])] == []


def test_both_languages_begin_with_a_capital_or_do_not() -> None:
    def is_small(text: str) -> bool:
        first = next((letter for letter in re.sub(r"\{\w+\}", "", text) if letter.isalpha()), "")
        return first.islower()

    differing = [pair for pair in PAIRS if not pair[0].startswith("{") and is_small(pair[0]) != is_small(pair[1])]
    assert differing == []


def test_both_languages_give_the_same_numbers() -> None:
    def numbers(text: str) -> list[str]:
        return sorted(re.findall(r"\d+", text))

    assert [pair for pair in PAIRS if numbers(pair[0]) != numbers(pair[1])] == []


@pytest.mark.parametrize("fault", FRENCH_FAULTS)
def test_french_is_set_as_french(fault: str) -> None:
    assert [french for _, french in PAIRS if FRENCH_FAULTS[fault].search(french)] == []


@pytest.mark.parametrize(("english", "french"), WORDS)
def test_the_same_thing_has_the_same_name_everywhere(english: str, french: str) -> None:
    meant = re.compile(rf"\b{english}\b", re.IGNORECASE)
    named = re.compile(french, re.IGNORECASE)
    assert [pair for pair in PAIRS if meant.search(re.sub(r"\{\w+\}", "", pair[0])) and not named.search(pair[1])] == []


# --- filled


def test_what_fills_a_text_is_given_where_it_is_used() -> None:
    faults = []
    for text in messages.all_texts():
        wanted = set(gaps(text.message)) | set(gaps(text.plural or ""))
        if text.params is not None and text.message not in FILLED_IN_THE_BROWSER and wanted != text.params:
            faults.append(text)
    assert faults == []


def test_a_reader_has_a_name_that_the_extraction_knows() -> None:
    assert [place for module in messages.modules("core", "pages") for place in misnamed_readers(module)] == []


def misnamed_readers(module: Module) -> list[str]:
    faults = []
    for node in ast.walk(module.tree):
        names: list[str] = []
        if isinstance(node, ast.arg) and _is_reader_type(node.annotation):
            names = [node.arg]
        elif isinstance(node, ast.AnnAssign) and _is_reader_type(node.annotation):
            names = [ast.unparse(node.target)]
        elif isinstance(node, ast.Assign):
            names = [name for target in node.targets for name in _given_a_reader(target, node.value)]
        faults += [f"{module.place}: {name}" for name in names if name.lstrip("_") not in messages.READERS]
    return faults


def _is_reader_type(annotation: ast.expr | None) -> bool:
    return annotation is not None and re.search(r"\bReader\b", ast.unparse(annotation)) is not None


def _given_a_reader(target: ast.expr, value: ast.expr) -> list[str]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        both = zip(target.elts, value.elts, strict=True)
        return [name for one, other in both for name in _given_a_reader(one, other)]
    is_reader = re.fullmatch(r"(.+\.)?_?reader|(\w+\.)?(Reader|_reader)\(.*\)", ast.unparse(value), re.DOTALL)
    return [ast.unparse(target)] if is_reader else []
