"""`outbox`: what is waiting, what went out, what failed and why."""

from __future__ import annotations

from argparse import Namespace
from uuid import UUID

from housekey.cli import output
from housekey.cli.options import DONE, enter, now
from housekey.cli.tenants import speaking_in
from housekey.core.errors import Invalid


def listing(arguments: Namespace) -> int:
    enter()
    from housekey.operations import outbox

    page = outbox.listing(speaking_in(arguments.tenant), state=arguments.state, offset=arguments.offset, limit=arguments.limit)
    if arguments.json:
        output.as_json({"total": page.total, "messages": page.rows})
        return DONE
    output.table(("ID", "STATE", "KIND", "TO", "CREATED", "TRIES", "ERROR"),
                 [(row.id, row.state, row.kind, row.recipient, row.created, row.attempts, row.error) for row in page.rows])
    print(f"{len(page.rows)} of {page.total}")
    return DONE


def show(arguments: Namespace) -> int:
    """Also the text: whoever runs this can read the database and the keys anyway."""
    house = enter()
    from housekey.operations import outbox

    message = outbox.get(house, speaking_in(arguments.tenant), _id(arguments.id))
    if arguments.json:
        output.as_json(message)
        return DONE
    output.facts({"Id": message.id, "State": message.state, "Kind": message.kind, "To": message.recipient, "Created": message.created,
                  "Next try": message.due if message.state == "queued" else None, "Finished": message.finished, "Error": message.error,
                  "Subject": message.subject})
    for at, outcome, detail in message.tries:
        print(f"  {output.text(at)}  {outcome:<10}  {output.text(detail)}")
    if message.text:
        print("\n" + "\n".join(output.text(line) for line in message.text.splitlines()))
    return DONE


def redrive(arguments: Namespace) -> int:
    enter()
    from housekey.operations import outbox

    outbox.redrive(speaking_in(arguments.tenant), _id(arguments.id), now())
    return _done(arguments, "queued", "The message will be sent again.")


def withdraw(arguments: Namespace) -> int:
    enter()
    from housekey.operations import outbox

    outbox.withdraw(speaking_in(arguments.tenant), _id(arguments.id), now())
    return _done(arguments, "withdrawn", "The message will not be sent.")


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(f"{text} is not the id of a message. `housekey outbox list` shows them.", field="ID") from None


def _done(arguments: Namespace, state: str, sentence: str) -> int:
    if arguments.json:
        output.as_json({"id": arguments.id, "state": state})
    else:
        print(sentence)
    return DONE
