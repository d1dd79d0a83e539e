"""The HTML of a post: paragraphs, headings, images, links, embeds, and what plugins leave in it.

Each part is kept as the inside of a JSON string, escaped as PHP escapes it. A page of a hundred posts is then joined
from these parts and not encoded again.
"""

from __future__ import annotations

import json
from functools import lru_cache

from tests.newsroom import prose

_MASK = (1 << 64) - 1


def mix(*numbers: int) -> int:
    """A 64-bit hash of whole numbers (splitmix64), the same on every machine and in every run."""
    value = 0
    for number in numbers:
        value = (value + number + 0x9E3779B97F4A7C15) & _MASK
        value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
        value ^= value >> 31
    return value


def escape(text: str) -> bytes:
    """The inside of a JSON string for a text, as PHP's json_encode writes it: ASCII, slashes escaped."""
    return json.dumps(text)[1:-1].replace("/", "\\/").encode("ascii")


_FACES = ("Happy", "Sad", "Excited", "Sleepy", "Angry", "Surprise")


def _face(number: int, name: str) -> str:
    return f"""
                <div class="twp-reacts-wrap">
                    <a react-data="be-react-{number}" post-id="%ID%" class="be-face-icons un-reacted" \
href="javascript:void(0)">
                        <img decoding="async" src="%HOME%/wp-content/plugins/booster-extension//assets/icon/\
{name.lower()}.svg" alt="{name}">
                    </a>
                    <div class="twp-reaction-title">
                        {name}                    </div>
                    <div class="twp-count-percent">
                        <span style="display: none;" class="twp-react-count">0</span>
                        <span class="twp-react-percent"><span>0</span> %</span>
                    </div>
                </div>
"""


READ_TIME = """<div class='booster-block booster-read-block'>
                <div class="twp-read-time">
                \t<i class="booster-icon twp-clock"></i> <span>Read Time:</span>3 Minute, 7 Second\
                </div>

            </div>"""
REACTIONS = (
    '\n        <div class="booster-block booster-reactions-block">\n            <div class="twp-reactions-icons">\n'
    + "".join(_face(number, name) for number, name in enumerate(_FACES, 1))
    + "\n            </div>\n        </div>\n"
)
SHAREDADDY = """<div class="sharedaddy sd-sharing-enabled"><div class="robots-nocontent sd-block sd-social \
sd-social-icon-text sd-sharing"><h3 class="sd-title">Pass it on:</h3><div class="sd-content"><ul>\
<li class="share-twitter"><a rel="nofollow noopener noreferrer" class="share-twitter sd-button share-icon" \
href="%HOME%/?p=%ID%&#038;share=twitter" target="_blank"><span>Click to pass it on</span></a></li>\
<li class="share-end"></li></ul></div></div></div>
"""
ADDTOANY = """<div class="addtoany_share_save_container addtoany_content addtoany_content_bottom"><div \
class="a2a_kit a2a_kit_size_32 addtoany_list" data-a2a-url="%HOME%/?p=%ID%"><a class="a2a_button_facebook" \
href="https://www.addtoany.com/add_to/facebook?linkurl=%HOME%" title="Facebook" rel="nofollow noopener" \
target="_blank"></a><a class="a2a_dd addtoany_share_save addtoany_share" href="https://www.addtoany.com/share"></a>\
</div></div>
"""
YARPP = """<div class='yarpp yarpp-related yarpp-related-website yarpp-template-list'>
<h3>More from the same shelf:</h3><ol>
<li><a href='%HOME%/?p=%NEAR%' rel='bookmark' title='An older story'>An older story</a></li>
</ol>
</div>
"""
_BLOCKS = (
    """<figure class="wp-block-image size-large"><img loading="lazy" decoding="async" width="1024" height="683" \
src="%HOME%/wp-content/uploads/2024/05/quay-%ID%-1024x683.jpg" alt="The quay at low water" class="wp-image-%NEXT%" \
srcset="%HOME%/wp-content/uploads/2024/05/quay-%ID%-1024x683.jpg 1024w, \
%HOME%/wp-content/uploads/2024/05/quay-%ID%-300x200.jpg 300w" sizes="(max-width: 1024px) 100vw, 1024px" />\
<figcaption class="wp-element-caption">The quay at low water. Photo: house archive</figcaption></figure>
""",
    """<p>The minutes are <a href="%HOME%/?p=%NEAR%">in last week&#8217;s report</a>, and the tables at \
<a href="https://records.example/tables/%ID%?a=1&amp;b=2" target="_blank" rel="noopener">the records office</a>.</p>
""",
    """<figure class="wp-block-embed is-type-video is-provider-youtube wp-block-embed-youtube"><div \
class="wp-block-embed__wrapper"><iframe loading="lazy" title="The lock, filmed from the bridge" width="500" \
height="281" src="https://www.youtube.com/embed/lock%ID%?feature=oembed" frameborder="0" allowfullscreen></iframe>\
</div></figure>
""",
    """<blockquote class="wp-block-quote"><p>A list is only as good as the one who reads it aloud.</p>\
<cite>House rule</cite></blockquote>
<ul class="wp-block-list"><li>first, the bell</li><li>then, the gate</li><li>last, the lamp</li></ul>
""",
    """<figure class="wp-block-table"><table><thead><tr><th>Day</th><th>Boats</th></tr></thead><tbody><tr><td>Monday\
</td><td>14</td></tr><tr><td>Tuesday</td><td>9</td></tr></tbody></table></figure>
""",
    """<div class="wp-block-button"><a class="wp-block-button__link" href="%HOME%/subscribe/">Subscribe</a></div>
<script>window.lanternCounter = (window.lanternCounter || 0) + 1;</script>
""",
)


class Writer:
    """Computes the content of a post from its id. ``least`` and ``most`` are sizes of the HTML in bytes."""

    def __init__(self, *, seed: int, least: int, most: int) -> None:
        self._seed, self._least, self._most = seed, least, max(least, most)
        self.prose = prose_of(seed)
        self._paragraphs = [escape(f"<p>{text}</p>\n") for text in self.prose.paragraphs]
        self._headings = [escape(f'<h2 class="wp-block-heading">{text}</h2>\n') for text in self.prose.headings]
        self._blocks = [escape(block) for block in _BLOCKS]
        self._top = escape(READ_TIME)
        self._bottoms = [escape(junk) for junk in (REACTIONS, SHAREDADDY, ADDTOANY, YARPP, "", SHAREDADDY + YARPP)]

    def lead(self, post_id: int) -> str:
        """The text of the first paragraph. No two posts share it."""
        text = self.prose.paragraphs[mix(self._seed, post_id, 11) % len(self.prose.paragraphs)]
        return f"Report no. {post_id}. {text}"

    def body(self, post_id: int, home: str) -> bytes:
        """The content of a post as the inside of a JSON string."""
        draw = mix(self._seed, post_id, 5)
        wanted = self._least + draw % (self._most - self._least + 1)
        kind, draw = draw >> 16 & 0xFF, draw >> 24
        pieces = [self._top] if kind % 3 == 0 else []
        pieces.append(escape(f"<p>{self.lead(post_id)}</p>\n"))
        bottom = self._bottoms[kind % len(self._bottoms)]
        size = sum(map(len, pieces)) + len(bottom)
        number = 0
        while size < wanted:
            number += 1
            if number % 9 == 4:
                piece = self._blocks[(draw + number) % len(self._blocks)]
            elif number % 7 == 3:
                piece = self._headings[(draw + number) % len(self._headings)]
            else:
                piece = self._paragraphs[(draw * 31 + number * 7919) % len(self._paragraphs)]
            pieces.append(piece)
            size += len(piece)
        pieces.append(bottom)
        whole = b"".join(pieces).replace(b"%HOME%", escape(home)).replace(b"%ID%", b"%d" % post_id)
        return whole.replace(b"%NEAR%", b"%d" % max(1, post_id - 3)).replace(b"%NEXT%", b"%d" % (post_id + 1))


@lru_cache(maxsize=8)
def prose_of(seed: int) -> prose.Prose:
    return prose.write(seed)
