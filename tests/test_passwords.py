"""Which passwords are taken, and that the library of the sign-in form and ours understand one another."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit_authenticator.utilities import Hasher

from core.accounts import passwords
from core.errors import Problem
from core.problems import PROBLEMS

GOOD = "the lake was green in June"


def refusal(password: str, login: str = "alice", name: str = "Alice Martin", least: int = 8) -> str | None:
    try:
        passwords.check_strength(password, login, name, least)
    except Problem as problem:
        return problem.code
    return None


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "all lowercase letters",
        "Ünïcödé wörds",
        "пароль надёжный",
        "كلمة مرور طويلة",
        "密码密码很长很安全啊",
        "🦊🌲🌙 fox tree moon",
        "👩‍👩‍👧 family 👩‍👩‍👧",
        "x" * 35 + "y" * 37,
        "18 dogs & 7 cats",
    ],
)
def test_a_long_password_is_good_whatever_it_is_made_of(password: str) -> None:
    assert refusal(password) is None


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "password_too_short"),
        ("        ", "password_too_short"),
        ("seven77", "password_too_short"),
        ("🦊🌲🌙🌊", "password_too_short"),
        ("x" * 36 + "y" * 37, "password_too_long"),
        ("é" * 30 + "è" * 7, "password_too_long"),
        ("lake\0green June", "password_unprintable"),
        ("lake\tgreen June", "password_unprintable"),
        ("lake\u202egreen June", "password_unprintable"),
        ("lake\ud800green June", "password_unprintable"),
        ("lake\ue000green June", "password_unprintable"),
        ("lake\u2028green June", "password_unprintable"),
        ("password", "password_too_common"),
        ("PassWord", "password_too_common"),
        ("Password2026!", "password_too_common"),
        ("motdepasse", "password_too_common"),
        ("ＰＡＳＳＷＯＲＤ", "password_too_common"),
        ("passwordpassword", "password_too_common"),
        ("qwertyuiop", "password_too_common"),
        ("azertyuiop", "password_too_common"),
        ("aaaaaaaa", "password_too_common"),
        ("abababababab", "password_too_common"),
        ("🦊🦊🦊🦊🦊🦊🦊🦊", "password_too_common"),
        ("12345678", "password_too_common"),
        ("34567890123", "password_too_common"),
        ("98765432", "password_too_common"),
        ("abcdefgh", "password_too_common"),
        ("hgfedcba", "password_too_common"),
        ("абвгдежз", "password_too_common"),
        ("imagier2026", "password_too_common"),
        ("Alice Martin", "password_too_common"),
        ("alicemartin", "password_too_common"),
        ("martin1984", "password_too_common"),
        ("123alice123", "password_too_common"),
    ],
)
def test_a_bad_password_is_told_why(password: str, code: str) -> None:
    assert refusal(password) == code


def test_the_message_says_how_many_characters_there_are_and_must_be() -> None:
    with pytest.raises(Problem) as caught:
        passwords.check_strength("twelve chars", "alice", "Alice", 15)
    assert caught.value.params == {"length": 12, "least": 15}


def test_a_login_of_two_letters_forbids_no_password() -> None:
    assert refusal("a1b2 al xyz", login="al", name="A.") is None


def test_an_empty_name_forbids_nothing() -> None:
    assert refusal(GOOD, login="", name="") is None


@pytest.mark.parametrize("password", ["a" * 1_000_000, "a" + "\u0301" * 500_000 + "\u0316" * 500_000, "\0" * 1_000_000])
def test_a_million_characters_are_refused_at_once(password: str) -> None:
    assert refusal(password) == "password_too_long"
    assert not passwords.matches(password, passwords.NOBODY)


@given(st.text())
def test_normalising_twice_changes_nothing_and_leaves_nothing_to_strip(text: str) -> None:
    once = passwords.normal(text)
    assert passwords.normal(once) == once == once.strip()


@given(st.text(min_size=1, max_size=80))
def test_any_text_is_either_taken_or_refused_with_a_reason(text: str) -> None:
    code = refusal(text)
    assert code is None or code in PROBLEMS


def test_what_is_typed_on_another_keyboard_is_the_same_password(quick_hashes: None) -> None:
    composed, decomposed = "éléphants à Noël", unicodedata.normalize("NFD", "éléphants à Noël")
    assert composed != decomposed
    assert passwords.matches(f"  {decomposed}\n", passwords.hashed(composed))


def test_a_hash_verifies_its_password_and_no_other(quick_hashes: None) -> None:
    made = passwords.hashed(GOOD)
    assert GOOD not in made
    assert passwords.matches(GOOD, made)
    assert not passwords.matches(GOOD + "!", made)
    assert not passwords.matches("", made)
    assert not passwords.matches("\0", made)
    assert not passwords.matches("\ud800", made)
    assert made != passwords.hashed(GOOD)


def test_what_comes_after_72_bytes_is_not_ignored(quick_hashes: None) -> None:
    longest = "x" * 35 + "y" * 37
    assert not passwords.matches(longest + "z", passwords.hashed(longest))


@pytest.mark.parametrize("password", [GOOD, "Ünïcödé wörds 🦊", "x" * 35 + "y" * 37])
def test_the_library_of_the_form_and_ours_verify_one_another(password: str, quick_hashes: None) -> None:
    assert Hasher.check_pw(password, passwords.hashed(password))
    assert passwords.matches(password, Hasher.hash(password))


def test_a_hash_costs_what_the_library_and_the_hash_of_nobody_cost() -> None:
    prefix = f"$2b${passwords.COST}$"
    assert Hasher.hash(GOOD).startswith(prefix)
    assert passwords.hashed(GOOD).startswith(prefix)
    assert passwords.NOBODY.startswith(prefix)
    assert Hasher.is_hash(passwords.NOBODY)


def test_the_list_of_the_worst_holds_what_can_be_compared() -> None:
    worst = passwords.WORST.read_text("utf-8").splitlines()
    assert len(worst) >= 400
    assert worst == sorted(set(worst))
    assert all(word == passwords.normal(word).casefold() and len(word) >= 8 for word in worst)
    assert all(refusal(word) == "password_too_common" for word in worst)
