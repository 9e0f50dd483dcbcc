"""Problems of the connections to those who paint."""

from core.i18n import mark
from core.problems.words import Text

PROBLEMS: dict[str, Text] = {
    "connection_paused": Text(
        mark("An administrator has paused this connection."),
        mark("The picture waits until it goes on; if that takes too long, cancel it."),
        409,
    ),
    "connection_gone": Text(
        mark("The connection that this picture waits for does not exist any more."),
        mark("Cancel the picture and order it anew, or ask an administrator for a connection of the same name."),
        409,
    ),
    "connection_key_unreadable": Text(
        mark("The key of this connection cannot be read any more: the secret key of the installation is another one."),
        mark("An administrator has to type the key again, or to give the old secret as IMAGIER_SECRET_KEY_OLD."),
        409,
    ),
    "connection_name_impossible": Text(
        mark("This cannot be the name of a connection."), mark("Use 1 to {most} letters, digits and signs.")
    ),
    "connection_taken": Text(mark("There is a connection “{name}” already."), mark("Choose another name."), 409),
    "connection_changed": Text(
        mark("Somebody else has changed “{name}” since you opened it. Nothing of yours was kept."),
        mark("Cancel, look at what it is now, and change it again."),
        409,
    ),
    "no_such_connection": Text(mark("There is no connection “{name}”."), mark("Look at the list again."), 404),
    "connection_of_environment": Text(
        mark("The connection “{name}” comes from the environment of the server and is changed there."),
        mark("Change OPENAI_API_KEY and the settings beside it and restart, or pause it and set up another one."),
        409,
    ),
    "connection_running": Text(
        mark("Pictures of “{name}” that are being drawn: {count}. Nothing was removed."),
        mark("Pause the connection, and remove it when they are done."),
        409,
    ),
    "connection_awaited": Text(
        mark("Pictures that wait for “{name}”: {count}. Nothing was removed."),
        mark("Let them be drawn, or confirm that they are cancelled."),
        409,
    ),
    "address_missing": Text(
        mark("A compatible server needs its address."), mark("Type its base URL, such as http://localhost:8080/v1.")
    ),
    "address_impossible": Text(
        mark("This cannot be the base URL of a server."),
        mark("Type an address such as http://localhost:8080/v1, without a name, a password or a query in it."),
    ),
    "model_impossible": Text(
        mark("“{model}” cannot be the name of a model."), mark("Use 1 to {most} letters, digits and signs.")
    ),
    "model_of_the_painter": Text(
        mark("“painter” is the model of the painter without AI."), mark("Choose that kind of connection for it.")
    ),
    "too_many_models": Text(
        mark("These are {count} models; at most {most} are possible."), mark("Keep those that people need.")
    ),
    "key_impossible": Text(
        mark("This cannot be a key: a key is one word of plain letters, digits and signs."),
        mark("Copy it again, without anything around it. Nothing was changed."),
    ),
    "key_needed_again": Text(
        mark("The key is not sent to another address than the one for which it was typed."),
        mark("Type the key again, or the key of the new server. Nothing was changed."),
    ),
    "header_impossible": Text(
        mark("Organisation and project are short words of plain letters, digits and signs."),
        mark("Copy them again from the provider's pages."),
    ),
}
