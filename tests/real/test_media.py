"""``media=download`` against a real WordPress: files as its own upload makes them."""

from __future__ import annotations

import base64
import json
from hashlib import sha256
from pathlib import Path

import pytest

from tests.crawl.scrapy_crawl import crawl
from tests.real.wordpress import WordPress

pytestmark = pytest.mark.real

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(256)) * 8
UPLOAD = """
$file = wp_upload_bits('quay.jpg', null, base64_decode($args['body']));
$gone = home_url('/wp-content/uploads/gone.jpg');
$post = wp_insert_post(['post_title' => 'The quay', 'post_status' => 'publish',
    'post_content' => "<p>The quay at low water.</p><img src='{$file['url']}'><img src='$gone'>"]);
$image = wp_insert_attachment(['post_mime_type' => 'image/jpeg', 'post_title' => 'quay', 'post_status' => 'inherit'],
    $file['file'], $post);
set_post_thumbnail($post, $image);
echo json_encode(['post' => $post, 'url' => $file['url'], 'gone' => $gone]);
"""


def test_uploaded_file_is_downloaded_once_and_a_missing_file_is_reported(
    wordpress_68: WordPress, tmp_path: Path
) -> None:
    with wordpress_68.kept():
        made = json.loads(wordpress_68.php(UPLOAD, body=base64.b64encode(JPEG).decode()))
        wordpress_68.forget_requests()
        run = crawl(tmp_path, "wp_posts", site=wordpress_68.url, limit="1", media="download")
        again = crawl(tmp_path, "wp_posts", site=wordpress_68.url, limit="1", media="download", output="2.jsonl")
        asked = [request.uri for request in wordpress_68.requests() if "/uploads/" in request.uri]
    assert (run.status, again.status) == (0, 0), run.said
    (row,) = run.rows()
    assert (row["id"], row["image"]["url"]) == (made["post"], made["url"])
    assert [image["url"] for image in row["images"]] == [made["url"], made["gone"]]
    lines = [json.loads(line) for line in (tmp_path / "data/media/manifest.jsonl").read_text().splitlines()]
    files_of_manifest = {line["url"]: line for line in lines}
    assert files_of_manifest[made["url"]]["sha256"] == sha256(JPEG).hexdigest()
    assert (tmp_path / "data/media" / files_of_manifest[made["url"]]["path"]).read_bytes() == JPEG
    # WordPress answers with a page for a missing file, which does not count as a file.
    assert files_of_manifest[made["gone"]]["error"] == "status-404"
    assert len(asked) == 2
