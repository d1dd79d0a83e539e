"""``python -m tests.real.wxr_by_hand PLUGIN [posts]``: a WXR file through WordPress's own importer.

PLUGIN is the unpacked plugin wordpress-importer (https://wordpress.org/plugins/wordpress-importer/); Debian has no
package of it, so CI compares with WordPress's own export instead (tests/real/wxr.py). A seeded WordPress is
crawled, its rows are exported, a second and empty WordPress imports the file, and the two databases are compared.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
from html import unescape
from pathlib import Path
from typing import Any

from tests.crawl.scrapy_crawl import crawl
from tests.real import wordpress_releases
from tests.real.mysql import MariaDB
from tests.real.reading import letters
from tests.real.wordpress import WordPress
from tests.real.wxr import SPIDERS, export_wxr

# A file of the old site is not fetched: its place takes a picture of one pixel.
_PICTURES = """
add_filter('pre_http_request', function ($done, $args, $url) {
    $png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
    file_put_contents($args['filename'], base64_decode($png));
    return ['headers' => ['content-type' => 'image/png'], 'body' => '', 'cookies' => [],
        'response' => ['code' => 200, 'message' => 'OK'], 'filename' => $args['filename'], 'http_response' => null];
}, 10, 3);
"""

_IMPORT = """
define('WP_LOAD_IMPORTERS', true);
set_time_limit(0);
require_once ABSPATH . 'wp-admin/includes/admin.php';
require_once WP_PLUGIN_DIR . '/wordpress-importer/wordpress-importer.php';
wp_set_current_user(1);
ob_start();
$import = new WP_Import();
$import->fetch_attachments = true;
$logins = array_keys($import->parse($args['file'])['authors']);
$_POST = ['imported_authors' => $logins, 'user_map' => [], 'user_new' => []];
$import->import($args['file'], ['rewrite_urls' => false]);
$said = ob_get_clean();
$lines = explode("\\n", strip_tags(str_replace('<br />', "\\n", $said)));
echo json_encode(array_values(array_filter(array_map('trim', $lines))));
"""

_POSTS = """
SELECT p.ID, p.post_type, p.post_title, p.post_name, p.post_date, p.post_date_gmt, p.post_status, p.comment_status,
    parent.post_title AS parent, u.user_nicename AS author, image.post_title AS image
FROM wp_posts p LEFT JOIN wp_posts parent ON parent.ID = p.post_parent
LEFT JOIN wp_users u ON u.ID = p.post_author
LEFT JOIN wp_postmeta t ON t.post_id = p.ID AND t.meta_key = '_thumbnail_id'
LEFT JOIN wp_posts image ON image.ID = t.meta_value
WHERE p.post_status IN ('publish', 'inherit') AND p.post_type IN ('post', 'page', 'report', 'bulletin', 'attachment')
"""
_TERMS_OF_POSTS = """
SELECT r.object_id AS ID, x.taxonomy, t.slug FROM wp_term_relationships r
JOIN wp_term_taxonomy x USING (term_taxonomy_id) JOIN wp_terms t USING (term_id)
"""
_TERMS = """
SELECT x.taxonomy, t.slug, t.name, x.description, above.slug AS parent
FROM wp_terms t JOIN wp_term_taxonomy x ON x.term_id = t.term_id LEFT JOIN wp_terms above ON above.term_id = x.parent
WHERE x.taxonomy IN ('category', 'post_tag', 'beat')
"""
_COMMENTS = """
SELECT c.comment_ID, c.comment_author, c.comment_date, c.comment_date_gmt, c.comment_approved, p.post_title,
    p.post_date, above.comment_date AS parent
FROM wp_comments c JOIN wp_posts p ON p.ID = c.comment_post_ID
LEFT JOIN wp_comments above ON above.comment_ID = c.comment_parent
WHERE c.comment_approved = '1' AND p.post_status = 'publish' AND p.post_password = ''
"""


def posts(site: WordPress) -> dict[str, dict[str, Any]]:
    terms: dict[int, list[str]] = {}
    for row in site.sql(_TERMS_OF_POSTS):
        terms.setdefault(row["ID"], []).append(f"{row['taxonomy']} {row['slug']}")
    found = {}
    for row in site.sql(_POSTS):
        number = row.pop("ID")
        text = {name: unescape(value) if isinstance(value, str) else value for name, value in row.items()}
        # WordPress changes quotes and tags of a title when it shows one. This does not count as a difference.
        shown = {
            name: letters(re.sub("<script.*?</script>|<[^>]*>", "", text[name] or ""))
            for name in ("post_title", "parent", "image")
        }
        # The key holds the site's local time. WordPress computes the time in GMT where a post has none, as old drafts.
        key = f"{row['post_type']} {row['post_date']} {row['post_name']}"
        found[key] = {**text, **shown, "terms": sorted(terms.get(number, []))}
    return found


def terms(site: WordPress) -> dict[str, dict[str, Any]]:
    return {f"{row['taxonomy']} {row['slug']}": {**row, "name": unescape(row["name"])} for row in site.sql(_TERMS)}


def comments(site: WordPress) -> dict[str, dict[str, Any]]:
    found = {}
    for row in site.sql(_COMMENTS):
        row.pop("comment_ID")
        text = {name: unescape(value) if isinstance(value, str) else value for name, value in row.items()}
        found[f"{row['comment_date']} {text['comment_author']} {text['post_title']}"] = text
    return found


def compare(name: str, source: dict[str, dict[str, Any]], target: dict[str, dict[str, Any]]) -> None:
    """Print how many of the source's rows the target has, and each kind of difference with its first row."""
    lost = sorted(source.keys() - target.keys())
    differing: dict[str, list[str]] = {}
    for key in sorted(source.keys() & target.keys()):
        for part, value in source[key].items():
            if target[key][part] != value:
                difference = f"{key.partition(' ')[0]}: {part} {value!r} became {target[key][part]!r}"
                differing.setdefault(difference, []).append(key)
    print(f"{name}: {len(source)} in the source, {len(source) - len(lost)} in the target")
    for key in lost:
        print(f"    missing: {key[:200]}")
    for difference, keys in differing.items():
        print(f"    {len(keys)} x {difference[:150]} (first: {keys[0][:100]})")


def main() -> None:
    plugin, count = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 300
    root = wordpress_releases.tree("6.8")
    with (
        tempfile.TemporaryDirectory(prefix="newsbot-mariadb-") as folder,
        tempfile.TemporaryDirectory(prefix="newsbot-wxr-") as work,
        MariaDB(Path(folder)) as mariadb,
        WordPress(root=root, mariadb=mariadb, database="source") as source,
        WordPress(root=root, mariadb=mariadb, database="target") as target,
    ):
        Path(work).chmod(0o755)
        source.seed(count)
        for spider, arguments in SPIDERS.items():
            run = crawl(Path(work), spider, *arguments, site=source.url)
            print(f"{spider}: exit {run.status}, {len(run.rows())} rows")
        path, said = export_wxr(Path(work))
        print(said.strip(), f"{path.stat().st_size:,} bytes")
        shutil.copytree(plugin, target.folder / "wp-content/plugins/wordpress-importer")
        target.php("wp_delete_post(1, true); wp_delete_post(2, true); wp_delete_comment(1, true);")
        with target.mu_plugin("pictures", _PICTURES):
            for line in json.loads(target.php(_IMPORT, file=str(path))):
                print(f"  importer: {line}")
        compare("posts, pages, files", posts(source), posts(target))
        compare("terms", terms(source), terms(target))
        compare("comments", comments(source), comments(target))


if __name__ == "__main__":
    main()
