"""A data package says what it holds and how complete that is, and ``scrapy verify`` finds what was changed in it."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from newsbot.archive import Archive
from newsbot.archive.runs import Crawled
from newsbot.errors import BadArgument
from newsbot.export.verifying import verify
from tests.unit.export.exporting import NOW, SITE, archive_of, exported, newsroom

RECEIPT = {
    "site": SITE,
    "verdict": "incomplete",
    "why": "1 unreadable: 8 | <b>",
    "rights": {"rules": [{"path": "", "content_signal": {"ai-train": "no"}}], "rsl": ["https://one.example/rsl.xml"]},
    "collections": {
        "post": {"verdict": "incomplete", "why": "1 unreadable: 8 | <b>", "live": 3},
        "page": {"verdict": "complete", "why": "all 2 listed came", "live": 2},
    },
}


def with_receipt(folder: Path) -> None:
    archive = Archive.open(f"sqlite:///{folder / 'newsbot.db'}", run="r2", clock=lambda: NOW)
    archive.runs.start("wp_posts")
    crawled = Crawled(site=SITE, name="One", asked=(SITE,), verdict="incomplete", whole=False, facts=RECEIPT)
    archive.runs.conclude("wp_posts", [crawled])
    archive.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an archive and a package of its rows, for copies."""
    folder = tmp_path_factory.mktemp("made")
    archive_of(folder, *newsroom())
    with_receipt(folder)
    assert exported(folder, "package", package=True) == 11
    return folder


@pytest.fixture
def package(tmp_path: Path, made: Path) -> Path:
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path / "package"


def described(package: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((package / "datapackage.json").read_text(encoding="utf-8"))
    return found


def test_descriptor_lists_each_file_with_checksum_columns_and_row_count(package: Path) -> None:
    resources = {found["path"]: found for found in described(package)["resources"]}
    files = {path.name for path in package.iterdir() if not path.name.startswith(".")}
    assert files == {*resources, "datapackage.json"}
    posts = resources["posts.jsonl"]
    content = (package / "posts.jsonl").read_bytes()
    assert posts["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert (posts["bytes"], posts["rows"]) == (len(content), 5)
    rows = [json.loads(line) for line in content.splitlines()]
    assert [field["name"] for field in posts["schema"]["fields"]] == list(rows[0])
    types = {field["name"]: field["type"] for field in posts["schema"]["fields"]}
    assert (types["id"], types["title"], types["terms"], types["published"]) == (
        "integer",
        "string",
        "array",
        "datetime",
    )


def test_readme_states_the_selection_the_completeness_and_the_rights(tmp_path: Path, package: Path) -> None:
    text = (package / "README.md").read_text(encoding="utf-8")
    assert "| https://one.example | post | 2026-11-23T10:00:00" in text
    assert "1 unreadable: 8 \\| &lt;b&gt;" in text
    assert "<b>" not in text
    assert "ai-train" in text
    assert "https://one.example/rsl.xml" in text
    exported(tmp_path, "package", package=True, type="page", since="2026-01-06")
    assert "`--type page`, `--since 2026-01-06`" in (package / "README.md").read_text(encoding="utf-8")
    assert next(found["path"] for found in described(package)["resources"]) == "posts.jsonl"


def test_receipts_and_croissant_describe_the_same_rows(package: Path) -> None:
    (receipt,) = json.loads((package / "receipts.json").read_text(encoding="utf-8"))
    assert (receipt["spider"], receipt["collections"]["post"]["live"]) == ("wp_posts", 3)
    croissant = json.loads((package / "croissant.json").read_text(encoding="utf-8"))
    sums = {found["name"]: found["sha256"] for found in croissant["distribution"]}
    assert sums["posts.jsonl"] == hashlib.sha256((package / "posts.jsonl").read_bytes()).hexdigest()
    fields = {field["name"]: field for field in croissant["recordSet"][0]["field"]}
    assert fields["title"]["source"]["extract"] == {"column": "title"}, "mlcroissant reads JSON lines by columns"
    # Objects whose keys are not known: with a field for one of them, mlcroissant can read no row.
    untyped = {"removed", "rights", "raw", "linked"}
    described = {
        field["name"]
        for field in json.loads((package / "datapackage.json").read_text())["resources"][0]["schema"]["fields"]
    }
    assert described - fields.keys() == untyped


def _flip(folder: Path) -> None:
    content = bytearray((folder / "posts.jsonl").read_bytes())
    content[40] ^= 1
    (folder / "posts.jsonl").write_bytes(content)


def _forge(folder: Path) -> None:
    """A row is repeated, and the checksums of the descriptor are made to fit."""
    path = folder / "terms.jsonl"
    content = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(content[0] + content[0])
    descriptor = described(folder)
    for resource in descriptor["resources"]:
        if resource["path"] == path.name:
            resource["bytes"] = path.stat().st_size
            resource["hash"] = f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    (folder / "datapackage.json").write_text(json.dumps(descriptor), encoding="utf-8")


def _describe(path: str, **changes: Any) -> Callable[[Path], None]:
    """Change what the descriptor says of a file; None removes a key."""

    def damage(folder: Path) -> None:
        descriptor = described(folder)
        for resource in descriptor["resources"]:
            if resource["path"] == path:
                resource |= changes
                for name in [name for name, value in changes.items() if value is None]:
                    del resource[name]
        (folder / "datapackage.json").write_text(json.dumps(descriptor), encoding="utf-8")

    return damage


def _retype(folder: Path) -> None:
    schema = next(
        resource["schema"] for resource in described(folder)["resources"] if resource["path"] == "terms.jsonl"
    )
    schema["fields"] = [
        field | {"type": "array" if field["name"] == "name" else field["type"]} for field in schema["fields"]
    ]
    _describe("terms.jsonl", schema=schema)(folder)


def _replace_rows(folder: Path) -> None:
    """A row is changed, and the descriptor is made to fit."""
    path = folder / "terms.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"count":', b'"count":1', 1))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    _describe("terms.jsonl", bytes=path.stat().st_size, hash=f"sha256:{digest}")(folder)


def _leave_out(folder: Path) -> None:
    """A file disappears, and the descriptor is made to fit."""
    descriptor = described(folder)
    descriptor["resources"] = [resource for resource in descriptor["resources"] if resource["path"] != "receipts.json"]
    (folder / "datapackage.json").write_text(json.dumps(descriptor), encoding="utf-8")
    (folder / "receipts.json").unlink()


def _rename_site(folder: Path) -> None:
    descriptor = described(folder) | {"sources": [{"path": "https://another.example"}]}
    (folder / "datapackage.json").write_text(json.dumps(descriptor), encoding="utf-8")


NO_COLUMNS = "terms.jsonl: the descriptor does not describe the columns of these rows"


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (_describe("terms.jsonl", schema=None), NO_COLUMNS),
        (_describe("terms.jsonl", schema={"fields": "all"}), NO_COLUMNS),
        (_describe("terms.jsonl", rows=None), "terms.jsonl: the file has 2 rows, and the descriptor says None"),
        (_describe("terms.jsonl", hash=None), "terms.jsonl: the checksum differs"),
        (_retype, "terms.jsonl, row 1: name not of the type that the descriptor says"),
        (_replace_rows, "terms.jsonl: datapackage.json and croissant.json do not agree on its checksum"),
        (_leave_out, "receipts.json: the descriptor does not name this file, which every package has"),
        (_rename_site, "posts.jsonl, row 1: the descriptor does not name the site https://one.example"),
        (_flip, "posts.jsonl: the checksum differs"),
        (lambda folder: (folder / "media.jsonl").unlink(), "media.jsonl: the file is missing"),
        (lambda folder: (folder / "more.txt").write_text("x"), "more.txt: the descriptor does not name this file"),
        (lambda folder: (folder / "users.jsonl").write_text("{}\n"), "users.jsonl: the file has 3 bytes, "),
        (_forge, "terms.jsonl, row 2: a second row of https://one.example category 2"),
    ],
    ids=[
        *(
            "no schema",
            "strange schema",
            "no rows",
            "no checksum",
            "other type",
            "other row",
            "no receipts",
            "other site",
        ),
        *("flipped", "missing", "unnamed", "shorter", "repeated"),
    ],
)
def test_verification_finds_each_change_of_a_package(package: Path, damage: Callable[[Path], Any], fault: str) -> None:
    whole = verify(package)
    assert (whole.count, whole.files, whole.rows) == (0, 8, 11)
    damage(package)
    assert verify(package).faults[0].startswith(fault)


def test_a_package_of_an_earlier_version_is_whole_without_its_warc_files(tmp_path: Path, package: Path) -> None:
    """Its descriptor names no missing WARC files, and its rows name records."""
    path = package / "posts.jsonl"
    record = {"file": "newsbot-run-00001.warc.gz", "offset": 0, "record": "<urn:uuid:1>"}
    path.write_bytes(path.read_bytes().replace(b'"warc":null', b'"warc":' + json.dumps(record).encode()))
    size, digest = path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest()
    _describe("posts.jsonl", bytes=size, hash=f"sha256:{digest}")(package)
    verification = verify(package)
    told_missing = [fault for fault in verification.faults if "is missing" in fault]
    assert told_missing
    descriptor = described(package)
    del descriptor["missingWarcFiles"]
    (package / "datapackage.json").write_text(json.dumps(descriptor), encoding="utf-8")
    found = verify(package)
    assert found.faults == [fault for fault in verification.faults if fault not in told_missing]
    assert found.notes == ["rows not compared with their records: the package has no WARC files"]


def test_parquet_rows_are_verified(tmp_path: Path) -> None:
    archive_of(tmp_path, *newsroom())
    assert exported(tmp_path, "package", package=True, format="parquet", kind="terms") == 2
    found = verify(tmp_path / "package")
    assert (found.count, found.rows) == (0, 2)
    descriptor = described(tmp_path / "package")
    terms = next(resource for resource in descriptor["resources"] if resource["path"] == "terms.parquet")
    assert (terms["type"], terms["rowCount"], "rows" in terms) == ("file", 2, False)
    terms["rowCount"] = 3
    (tmp_path / "package" / "datapackage.json").write_text(json.dumps(descriptor))
    assert verify(tmp_path / "package").count == 1


def test_folder_that_is_no_package_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadArgument, match=r"is no data package: it has no datapackage\.json"):
        verify(tmp_path)
    with pytest.raises(BadArgument, match=r"receipt\.json does not exist: give the folder of a package, or a receipt"):
        verify(tmp_path / "receipt.json")
    (tmp_path / "datapackage.json").write_text('{"resources": [{"path": "../secret"}]}')
    with pytest.raises(BadArgument, match="names files outside of its folder"):
        verify(tmp_path)
    (tmp_path / "datapackage.json").write_text("[")
    with pytest.raises(BadArgument, match="cannot be read"):
        verify(tmp_path)


def test_package_without_rows_and_package_in_csv_are_refused(tmp_path: Path) -> None:
    archive_of(tmp_path, *newsroom())
    with pytest.raises(BadArgument, match="no row of the archive is chosen"):
        exported(tmp_path, "package", package=True, since="2030-01-01", kind="posts")
    with pytest.raises(BadArgument, match="the rows of a package are jsonl or parquet, not csv"):
        exported(tmp_path, "package", package=True, format="csv")
    assert not (tmp_path / "package").exists()
