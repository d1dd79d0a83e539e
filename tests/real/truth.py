"""What a public crawl of a bench site must deliver, read from SQL and never from the API.

Each function gives {id: row}; rows are plain dicts of SQL's own values (dates as SQL's text, text as stored, nothing
decoded or rendered). Only ``link`` comes from PHP, because permalinks are computed and not stored.
"""

from __future__ import annotations

import json
from typing import Any

from tests.real.mysql import Row
from tests.real.wordpress import WordPress

Rows = dict[int, Row]

_POSTS = """
SELECT p.ID AS id, p.guid, p.post_name AS slug, p.post_title AS title, p.post_excerpt AS excerpt,
    p.post_content AS content, p.post_date AS date, p.post_date_gmt AS date_gmt, p.post_modified_gmt AS modified_gmt,
    p.post_author AS author, u.display_name AS author_name, u.user_nicename AS author_slug,
    p.post_password <> '' AS protected, p.comment_count, CAST(t.meta_value AS UNSIGNED) AS image,
    i.guid AS image_guid, f.meta_value AS image_file
FROM wp_posts p
LEFT JOIN wp_users u ON u.ID = p.post_author
LEFT JOIN wp_postmeta t ON t.post_id = p.ID AND t.meta_key = '_thumbnail_id'
LEFT JOIN wp_posts i ON i.ID = t.meta_value AND i.post_type = 'attachment'
LEFT JOIN wp_postmeta f ON f.post_id = i.ID AND f.meta_key = '_wp_attached_file'
WHERE p.post_type = %s AND p.post_status = 'publish'
"""

_TERMS_OF_POSTS = """
SELECT r.object_id AS post, t.term_id AS id, x.taxonomy, t.slug, t.name, x.parent
FROM wp_term_relationships r
JOIN wp_term_taxonomy x ON x.term_taxonomy_id = r.term_taxonomy_id
JOIN wp_terms t ON t.term_id = x.term_id
JOIN wp_posts p ON p.ID = r.object_id AND p.post_type = %s AND p.post_status = 'publish'
ORDER BY r.object_id, x.taxonomy, t.term_id
"""

_TERMS = """
SELECT t.term_id AS id, t.name, t.slug, x.description, x.parent, x.count
FROM wp_terms t JOIN wp_term_taxonomy x ON x.term_id = t.term_id WHERE x.taxonomy = %s
"""

# WordPress shows visitors the users who have a post of a type that the REST API lists. A user who has only memos is not
# shown.
_USERS = """
SELECT u.ID AS id, u.display_name AS name, u.user_nicename AS slug, u.user_url AS website FROM wp_users u
WHERE EXISTS (SELECT 1 FROM wp_posts p WHERE p.post_author = u.ID AND p.post_status = 'publish'
    AND p.post_type IN ('post', 'page', 'report', 'bulletin'))
"""

_MEDIA = """
SELECT m.ID AS id, m.guid, m.post_name AS slug, m.post_title AS title, m.post_excerpt AS caption, m.post_parent AS post,
    m.post_mime_type AS mime, m.post_date AS date, m.post_date_gmt AS date_gmt, m.post_author AS author,
    a.meta_value AS alt, f.meta_value AS file
FROM wp_posts m
LEFT JOIN wp_posts p ON p.ID = m.post_parent
LEFT JOIN wp_postmeta a ON a.post_id = m.ID AND a.meta_key = '_wp_attachment_image_alt'
LEFT JOIN wp_postmeta f ON f.post_id = m.ID AND f.meta_key = '_wp_attached_file'
WHERE m.post_type = 'attachment' AND m.post_status = 'inherit' AND (p.ID IS NULL OR p.post_status = 'publish')
"""

_COMMENTS = """
SELECT c.comment_ID AS id, c.comment_post_ID AS post, c.comment_parent AS parent, c.comment_author AS author_name,
    c.user_id AS author, c.comment_content AS content, c.comment_date AS date, c.comment_date_gmt AS date_gmt
FROM wp_comments c JOIN wp_posts p ON p.ID = c.comment_post_ID
WHERE c.comment_approved = '1' AND p.post_status = 'publish' AND p.post_password = ''
"""


def posts(site: WordPress, post_type: str = "post") -> Rows:
    """Also ``link``, and ``terms``: [{id, taxonomy, slug, name, parent}]. ``image`` is the id the post names, with
    ``image_guid`` None where there is no such image."""
    rows = _by_id(site.sql(_POSTS, [post_type]))
    links = _links(site, list(rows))
    for post, row in rows.items():
        row["link"] = links[post]
        row["terms"] = []
    for term in site.sql(_TERMS_OF_POSTS, [post_type]):
        rows[term.pop("post")]["terms"].append(term)
    return rows


def terms(site: WordPress, taxonomy: str) -> Rows:
    return _by_id(site.sql(_TERMS, [taxonomy]))


def users(site: WordPress) -> Rows:
    """The users whom visitors may see: those with a published object."""
    return _by_id(site.sql(_USERS))


def media(site: WordPress) -> Rows:
    """Attachments that belong to no post or to a public post."""
    return _by_id(site.sql(_MEDIA))


def comments(site: WordPress) -> Rows:
    return _by_id(site.sql(_COMMENTS))


def named(site: WordPress) -> dict[str, int]:
    """The seed's oddities: name -> id."""
    found: dict[str, int] = json.loads(site.php("echo json_encode(get_option('bench_named'));"))
    return found


def _by_id(rows: list[Row]) -> Rows:
    return {row["id"]: row for row in rows}


def _links(site: WordPress, ids: list[int]) -> dict[int, str]:
    code = "$l = []; foreach ($args['ids'] as $id) { $l[$id] = get_permalink($id); } echo json_encode((object) $l);"
    found: dict[str, Any] = json.loads(site.php(code, ids=ids))
    return {int(post): str(link) for post, link in found.items()}
