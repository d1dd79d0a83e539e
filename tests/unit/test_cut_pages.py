"""Pages that end in the middle of their article."""

from __future__ import annotations

import pytest

from newsbot.article.facts.body import find_body
from newsbot.article.facts.cut import is_cut
from newsbot.items import Post
from newsbot.wordpress.messages import Reply
from newsbot.wordpress.pages.reader import NoArticle, PageReader

HOME = "https://news.example"
HEAD = (
    '<html><head><title>Tide</title><script src="/wp-includes/js/menu.js"></script></head><body class="postid-7">'
    '<nav><a href="/">News</a></nav><div class="page"><article id="post-7"><h1 class="entry-title">Tide</h1>'
    '<div class="entry-content">'
)
SENTENCES = [f"<p>Sentence {n} tells how the tide came to the harbour that night.</p>" for n in range(30)]
FOOTER = "<footer>Printed daily by the Harbour Gazette</footer>"
ENDS = "</div></body></html>"
WHOLE = f"{HEAD}{''.join(SENTENCES)}</div></article>{FOOTER}{ENDS}"
CUT = f"{HEAD}{''.join(SENTENCES[:17])}<p>Sentence 17 tells how"


def cut(html: str) -> bool:
    return is_cut(html, find_body(html, url=f"{HOME}/a/").html)


@pytest.mark.parametrize(
    "html",
    [
        CUT,
        CUT + " the <a href='https://news.exa",
        CUT + "<script>let tide = '<p>high",
        CUT + "<style>p { color: ",
        CUT + "<!-- a comment",
        CUT + "</p>\n\n",
        CUT.replace("</head>", "<script>frame.write('<body>tide</body></html>')</script></head>"),
        CUT.replace("</head>", "<!-- before </body> --></head>"),
    ],
)
def test_page_that_ends_within_its_article_is_truncated(html: str) -> None:
    assert cut(html)


@pytest.mark.parametrize(
    "html",
    [
        WHOLE,
        WHOLE.replace("</html>", ""),
        WHOLE.replace("</body></html>", ""),
        WHOLE.removesuffix(ENDS),
        WHOLE.removesuffix(FOOTER + ENDS) + "</div>",  # nothing follows the article, and all elements are closed
        WHOLE.removesuffix(FOOTER + ENDS) + "</div><script>let box = '<div class=\"tide\">'</script>",
        CUT + "</BODY >",
        HEAD,
        "",
    ],
)
def test_other_page_is_whole(html: str) -> None:
    assert not cut(html)


def test_page_without_wordpress_may_lack_an_end_tag() -> None:
    page = f"<title>Tide</title><div><h1>Tide</h1>{''.join(SENTENCES)}"
    assert not cut(page)
    assert cut(page.replace("<div>", '<div><img src="/wp-content/uploads/tide.png">'))


def read(*answers: str, reader: PageReader | None = None) -> tuple[Post | str, int]:
    """The post or the reason why there is none, and the number of requests."""
    asked = 0
    steps = (reader or PageReader(type="post", site=HOME, render="never")).read(f"{HOME}/a/")
    try:
        query = next(steps)
        while True:
            asked += 1
            query = steps.send(Reply(status=200, url=query.url, body=answers[asked - 1].encode()))
    except StopIteration as end:
        return end.value, asked
    except NoArticle as failure:
        return str(failure), asked


def test_truncated_page_is_requested_a_second_time() -> None:
    post, asked = read(CUT, WHOLE)
    assert isinstance(post, Post) and asked == 2
    assert "Sentence 29" in (post.content_html or "")


def test_page_truncated_twice_is_reported_and_no_other_page_is_requested_twice() -> None:
    reader = PageReader(type="post", site=HOME, render="never")
    reason = "its page ends in the middle of the article"
    assert read(CUT, CUT, reader=reader) == (reason, 2)
    assert read(CUT, reader=reader) == (reason, 1)
    post, asked = read(WHOLE, reader=reader)
    assert isinstance(post, Post) and asked == 1


def test_truncated_part_of_an_article_is_missing() -> None:
    links = '<div class="page-links"><a class="post-page-numbers" href="https://news.example/a/2/">2</a></div>'
    divided = WHOLE.replace("</div></article>", f"{links}</div></article>")
    assert read(divided, CUT, CUT) == ("one of its pages is missing", 3)
    post, asked = read(divided, CUT, WHOLE)
    assert isinstance(post, Post) and asked == 3
