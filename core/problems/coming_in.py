"""Problems of coming in: names, passwords, sessions."""

from core.i18n import mark
from core.problems.words import Text

PROBLEMS: dict[str, Text] = {
    "wrong_credentials": Text(
        mark("This name and this password do not belong together."),
        mark("Check both and try again. If you forgot the password, the administrator can set a new one."),
        401,
    ),
    "wrong_password": Text(
        mark("This is not your password until now."), mark("Check it and try again; nothing was changed."), 403
    ),
    "too_many_attempts": Text(
        mark("There were too many failed attempts."),
        mark("Wait {wait}, then try again."),
        429,
    ),
    "password_too_short": Text(
        mark("This password has {length} characters; it needs at least {least}."),
        mark("A sentence of a few words is easy to remember and hard to guess."),
    ),
    "password_too_long": Text(
        mark("This password is longer than 72 bytes, and what comes after them would not count."),
        mark("Choose a shorter one."),
    ),
    "password_too_common": Text(
        mark("This password is one of the first that an attacker tries."),
        mark("Choose one that is not on every list, such as a sentence of your own."),
    ),
    "password_unprintable": Text(
        mark("This password contains a character that cannot be typed again for sure."),
        mark("Use letters, digits, signs and spaces."),
    ),
    "login_taken": Text(mark("The name “{login}” is already taken."), mark("Choose another one.")),
    "login_malformed": Text(
        mark("“{login}” cannot be a sign-in name."),
        mark("Use 1 to 64 letters, digits, dots, hyphens, underscores or @, without spaces."),
    ),
    "name_missing": Text(mark("The name is empty."), mark("Type the name that the others will see.")),
    "name_too_long": Text(mark("The name has {length} characters; at most {most} are possible."), mark("Shorten it.")),
    "session_not_started": Text(
        mark("The browser could not be signed in."), mark("Allow cookies for this address and try again."), 401
    ),
    "no_such_user": Text(mark("There is no account “{login}”."), mark("Check how it is spelled."), 404),
    "last_administrator": Text(
        mark("“{login}” is the last administrator, and somebody must be one."),
        mark("Make somebody else an administrator first."),
        409,
    ),
    "already_set_up": Text(mark("Imagier is already set up: an administrator exists."), mark("Sign in instead."), 409),
    "registration_closed": Text(
        mark("Nobody makes an account here for themselves at the moment."),
        mark("Ask an administrator to let you in."),
        403,
    ),
    "wrong_setup_code": Text(
        mark("This is not the set-up code."),
        mark("It stands in the log of the server that was started last, in the line “set-up code”."),
        403,
    ),
    "session_ended": Text(mark("You have been signed out."), mark("Sign in again; what you typed is kept."), 401),
}
