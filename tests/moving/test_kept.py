"""What cannot be taken as it stands is not lost."""

from __future__ import annotations

from pathlib import Path

from tests.moving.support import Command, written
from tests.operations.support import World


def test_what_could_not_be_used_stands_in_the_file_as_a_comment(command: Command, tmp_path: Path) -> None:
    mail = "[output_adapter.email]\nfrom_address = 'no-reply@example.com'\nhostname = 'smtp.example.com'\nusername = 'x'\n"
    ran = command.moved(written(tmp_path, deployment_toml=mail + "password = '$secret{smtp}'\nenable_authentication = true\n"))
    assert ran.entry("output_adapter.email.hostname")["class"] == "could not"
    text = (command.data / "deployment.toml").read_text()
    assert '# hostname = "smtp.example.com"  # deployment.toml line 3: left out, see the report' in text
    assert "secret{" not in text


def test_of_a_text_that_is_a_whole_page_the_body_is_taken(command: Command, tmp_path: Path, world: World) -> None:
    page = "<!doctype html><html><head><title>x</title></head><body class='a'><p>Hello {{user-name}}: {{link}}</p></body></html>"
    text = ('<configurations><configuration type="askPassword" locale="en_US" emailContentType="text/html"><subject>Welcome</subject>'
            f"<body><![CDATA[{page}]]></body><footer>Acme</footer></configuration></configurations>")
    ran = command.moved(written(tmp_path, email_admin_config_xml=text))
    body = ran.entry("configuration[askPassword, en_US]/body")
    assert (body["class"], body["words"]) == ("understood", "What stood around <body> was left out: mails are given a frame here.")


def test_the_port_of_a_proxy_leads_to_the_address_that_people_see(command: Command, tmp_path: Path) -> None:
    ran = command.moved(written(tmp_path, deployment_toml="[transport.https.properties]\nproxyPort = 443\n"))
    assert "[server] base_path" in ran.entry("transport.https.properties.proxyPort")["words"]
