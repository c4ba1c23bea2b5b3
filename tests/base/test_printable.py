"""No control character of a file reaches the terminal, and a binary file is called one."""

import pytest

from retrodict.base.errors import InputError
from retrodict.base.printable import described, is_binary, printable
from retrodict.cli.main import execute

HOSTILE = "a\x00b\x1b[31mc\x07\x9b1m\u202ed\r\ud800"


def test_only_line_feeds_and_tabs_pass():
    shown = printable(f"{HOSTILE}\n\tzwölf χ²")
    assert shown == "a\\x00b\\x1b[31mc\\x07\\x9b1m\\u202ed\\x0d\\ud800\n\tzwölf χ²"
    shown.encode()


def test_no_error_holds_a_control_character():
    fields = dict.fromkeys(("where", "got", "expected", "why", "fix"), HOSTILE)
    assert printable(str(InputError(HOSTILE, **fields))) == str(InputError(HOSTILE, **fields))
    assert "\x1b" not in str(InputError(HOSTILE, **fields))


def test_what_a_file_says_cannot_pretend_to_be_a_line_of_the_message():
    message = str(InputError("no such field", where="a\nb", got="su3\n  fix:      rm -r ."))
    assert [line[:8] for line in message.splitlines()] == ["no such ", "  where:", "  got:  "]


@pytest.mark.parametrize("content", ["mass [\x1b[31mMsun],x\x07\n1,2\n", "t\x1b]0;title\x07 C\n0 1\n"])
def test_inspect_prints_no_control_character_of_a_table(content, tmp_path, capsys):
    (tmp_path / "table.csv").write_text(content)
    execute(["inspect", str(tmp_path / "table.csv")])
    out, err = capsys.readouterr()
    assert not set(out + err) & {"\x1b", "\x07", "\x00"}


def test_a_binary_file_that_nobody_knows_is_called_one(tmp_path, capsys):
    (tmp_path / "unknown").write_bytes(b"\x01\x02\x00\x00made-by-hand\x00\x00" + bytes(range(256)))
    assert execute(["inspect", str(tmp_path / "unknown")]) == 2
    err = capsys.readouterr().err
    assert "a binary file that begins with 01 02 00 00 6d" in err
    assert "made-by-hand" in err
    assert "columns" not in err.split("expected")[0]


def test_texts_in_any_encoding_are_not_binary():
    for encoding in ("utf-8", "latin-1"):
        assert not is_binary("Masse [Ms] Größe\n1 2\n".encode(encoding))
    assert described("Masse\n1\n".encode("utf-16")).startswith("a text in UTF-16")
    assert described(b"x = 1\n").startswith("a text that begins with")
