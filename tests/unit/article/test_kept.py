"""Parts of the article that resemble junk are kept."""

from __future__ import annotations

import pytest

from newsbot.article.cleaning.clean import Cleaned, clean

BASE = "https://news.example/2026/05/a-post/"
PROSE = "<p>The harbour board voted on Tuesday to replace the two oldest cranes before winter, and went home.</p>"


def cleaned(html: str) -> Cleaned:
    return clean(PROSE + html + PROSE, base_url=BASE)


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ('<a href="https://gs.statcounter.com/browsers">StatCounter</a> counts one browser.', "StatCounter counts one"),
        ('The firm <a href="https://www.outbrain.com/about/">Outbrain</a> merged.', "The firm Outbrain merged."),
        ('What <a href="https://a.example/what-is-a-tracking-pixel/">a pixel</a> does.', "What a pixel does."),
        (
            'Friends <strong><a href="https://www.paypal.com/donate/?id=A">set up a fund</a></strong> for her.',
            "Friends set up a fund for her.",
        ),
        (
            'She likes <a href="https://www.awin1.com/cread.php?p=x">the red pot</a> best.',
            "She likes the red pot best.",
        ),
        ('In May <a href="https://www.addthis.com/blog/farewell">AddThis</a> closed.', "In May AddThis closed."),
    ],
)
def test_sentence_that_mentions_an_advertiser_or_a_counter_is_kept(html: str, words: str) -> None:
    found = cleaned(f"<p>{html}</p>")
    assert words in found.text
    assert len(found.links) == 1


def test_image_of_an_advertiser_is_removed_with_its_link() -> None:
    found = cleaned('<p>A word <a href="https://ad.doubleclick.net/x"><img src="/banner.jpg"></a> and one.</p>')
    assert (found.links, found.images) == ([], [])


@pytest.mark.parametrize(
    "words",
    [
        'He told the court that this story is for <a href="/m">members</a> of the club.',
        'The paper will <a href="/x">subscribe to the wire</a> for the full season.',
        'To read the full judgment, <a href="https://court.example/j.pdf">see the court</a>.',
        '“Únete,” decía <a href="https://museo.example/">el cartel</a> de 1938.',
        'You have to sign up here in June, says <a href="https://court.example/registration">the office</a>.',
        'The way <a href="/back">back to the overview</a> of the valley takes an hour.',
        'Users must download the tax app from <a href="https://finance.example/">the ministry</a>.',
        'The governor wrote on his <a href="https://t.me/governor">Telegram channel</a> that two bridges were hit.',
        'Women had to <a href="https://archive.example/rules">sign up now</a> and not later, the rules of 1917 said.',
        'You can join our <a href="https://facebook.com/groups/mothers">group of the mothers</a>, said Ann.',
        'Download the app from the <a href="https://apps.apple.com/app/corona">App Store</a>, the ministry says.',
        'The <a href="https://whatsapp.com/channel/x">channel of the other paper</a> has 3 million readers.',
        'Become a member of the <a href="https://choir.example/membership">choir</a>.',
        'Unterstützen Sie das Tierheim mit einer <a href="https://tierheim.example/spenden">Spende</a>.',
        'Soutenez-nous, disent les <a href="https://union.example/soutien">infirmières</a>.',
        'Soutenez notre école, a dit le maire sur <a href="https://www.facebook.com/ecole">sa page</a>.',
        'Soutenez notre école, dit la maire sur <a href="https://www.facebook.com/ecole">sa page</a>.',
        'Residents can download the Warn app from <a href="https://play.google.com/store/apps/warn">Google Play</a>.',
        'Volunteers for the clean-up can <a href="https://river.example/signup">sign up here</a> until Friday.',
        'El partido Súmate anunció en <a href="https://x.com/sumate">X</a> que recoge firmas.',
        'La plataforma Únete convoca una marcha en <a href="https://www.instagram.com/unete">Madrid</a>.',
        'If you are already a member, you can log in to vote on <a href="https://coop.example/">the site</a>.',
        'To read the full text, log in to the <a href="https://law.example/">portal</a> and search for the number.',
        'This page is for members: so says <a href="https://club.example/">the club</a> today.',
        '“If you’re already a subscriber, log in”: so <a href="https://gazette.example/">the Gazette</a> greets all.',
        'Le collectif lance « faites un don », via <a href="https://www.helloasso.com/toit">une cagnotte</a>.',
        'Фонд просит: «поддержите нас», и собрал в <a href="https://t.me/fond">Telegram</a> миллион.',
        'Please support our winter shelter with a gift: one bed costs 12 pounds. <a href="/donate/">Donate</a>',
        'Please consider donating to the <a href="https://gofundme.com/f/smith">appeal of the family</a>.',
        'Wer helfen will, kann uns mit einer <a href="/spende/">Spende</a> für das Tierheim an der Mole helfen.',
        'Si quieres que el comedor siga abierto, <a href="/donar/">haz una donación</a> o trae arroz el lunes.',
        'Follow our reporter Ann Lee, who is at the summit this week, on <a href="https://x.com/annlee">X</a>',
        'You can find us at the harbour on Sunday, or on <a href="https://facebook.com/band">Facebook</a>',
        'Follow our trip on <a href="https://instagram.com/crew">Instagram</a>, from the first mile to the last',
        'Folgen Sie unserer Reporterin Ann Lee auf dem Weg zum Gipfel bei <a href="https://x.com/annlee">X</a>',
    ],
)
def test_sentence_with_the_words_of_a_plea_is_kept(words: str) -> None:
    assert cleaned(f"<p>{words}</p>").removed == {}


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ('Help us to keep this news free for all. <a href="/donate/">Make a gift</a> today.', "reader-plea"),
        ('<a href="/donate/">Donate now</a>', "reader-plea"),
        ('Support us on <a href="https://patreon.com/gazette">Patreon</a>', "reader-plea"),
        ('Follow our Facebook page <a href="https://facebook.com/gazette">here</a>', "follow-us"),
        ('Find us on <a href="https://x.com/gazette">X</a>', "follow-us"),
        ('Folgen Sie unserem Instagram-Kanal: <a href="https://instagram.com/gazette">zum Kanal</a>', "follow-us"),
    ],
)
def test_plea_of_the_newsroom_is_removed(words: str, rule: str) -> None:
    assert cleaned(f"<p>{words}</p>").removed == {rule: 1}


ANSWER = "<p>I did, very much, and I wrote to its author at once.</p>"


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        (f"<p>Did you like this article?</p>{ANSWER}", True),
        (f"<p><b>– Hat Ihnen dieser Artikel gefallen?</b></p>{ANSWER}", True),
        ("<p>Did you like this article?</p>", False),
        (f"<p>Schon gelesen?</p>{ANSWER}", False),
        ("<p>Did you like this article?</p><p>12 shares</p>", False),
        (f"<p><b>Advertising</b></p>{ANSWER}", True),
        (f"<p><b>Related</b></p>{ANSWER}", True),
        (f"<p><b>ADVERTISING</b></p>{ANSWER}", False),
        (f"<p>Related</p>{ANSWER}", False),
        ("<p><b>Related</b></p>", False),
    ],
)
def test_question_or_bold_line_is_kept_when_text_of_the_author_follows(html: str, kept: bool) -> None:
    words = html.partition("</p>")[0].replace("<b>", "").replace("</b>", "").removeprefix("<p>")
    assert (f"\n{words}" in clean(PROSE + html, base_url=BASE).text) is kept


def test_dutch_plea_with_the_words_this_news_is_removed() -> None:
    plea = '<p>Steun ons, zodat wij dit nieuws kunnen brengen: <a href="/doneer/">doneer nu</a></p>'
    assert cleaned(plea).removed == {"reader-plea": 1}


@pytest.mark.parametrize(
    "html",
    [
        "<table><tr><th><p>Name</p></th><th><p>Share</p></th></tr><tr><td>A</td><td><p>12 shares</p></td></tr></table>",
        "<ul><li><p>Facebook</p></li><li><p>Share</p></li></ul>",
        "<blockquote><p>Share</p><cite>a sign on the wall</cite></blockquote>",
        '<p>“Next!”</p><p>"Share."</p><p>«Comparte»</p>',
        "<p>Instagram, YouTube.</p>",
        "<p>Runs: 5</p><p>Hits: 9</p>",
        "<p><b>Ana Costa</b></p><p>304 votes</p>",
        '<p>The new rules are <a href="https://www.whatsapp.com/legal/terms">here</a>.</p>',
    ],
)
def test_label_words_in_a_list_a_table_or_a_sentence_are_kept(html: str) -> None:
    found = cleaned(html)
    assert found.removed == {}


@pytest.mark.parametrize("html", ["<p>Share</p>", "<p>Hits: 1,024</p>", "<p>1,024 hits</p>", "<p>12 shares</p>"])
def test_label_words_alone_in_a_paragraph_are_removed(html: str) -> None:
    assert cleaned(html).text == cleaned("").text


@pytest.mark.parametrize(
    "name",
    [
        "gray-wolf.jpg", "great-gray-owl.jpg", "empty-shelves.jpg", "google-pixel-9.jpg", "google-pixel.webp",
        "clear-sky.jpg", "loading-dock.jpg", "trans-march-2026.jpg", "blank-ballot.jpg", "lazy-dog.jpg",
        "wheel-loader.jpg", "crash-test-dummy.png", "transparent-budget.png",
    ],
)  # fmt: skip
def test_photograph_with_the_name_of_a_placeholder_is_kept(name: str) -> None:
    assert [image.url for image in cleaned(f'<p><img src="/uploads/{name}"></p>').images] == [
        f"https://news.example/uploads/{name}"
    ]


@pytest.mark.parametrize(
    "name",
    [
        "blank.gif", "placeholder.png", "image-placeholder.png", "lazy_placeholder.gif", "1x1.trans.gif",
        "spacer.gif", "lazyload.png", "loading.gif", "ajax-loader.gif", "transparent-1x1.png", "grey.gif",
        "pixel.gif", "img_blank.png", "placeholder-300x200.png", "empty.svg", "lazy-gray.png", "preloader.svg",
        "clear.gif", "dummy.png", "trans.gif",
    ],
)  # fmt: skip
def test_placeholder_is_replaced_by_its_image(name: str) -> None:
    found = cleaned(f'<p><img src="/img/{name}" srcset="/a.jpg 2x"><img src="/img/{name}"></p>')
    assert [image.url for image in found.images] == ["https://news.example/a.jpg"]


@pytest.mark.parametrize(
    "name",
    [
        "cli-output", "sumo-results", "give-and-take", "steady-state", "stream-item", "democracy", "podlesie",
        "elementor-widget elementor-widget-jet-tabs", "elementor-widget elementor-widget-jet-table", "oew-accordion",
        "wp-block-ultimate-post-heading ultp-block-ab12", "share-price-table", "related-documents", "toc-heading",
        "newsletter-archive-list", "wp-block-group has-background related", "paywall-study", "ad-hoc-committee",
    ],
)  # fmt: skip
def test_element_whose_class_begins_like_a_plugin_class_is_kept(name: str) -> None:
    assert "The crane of 1921" in cleaned(f'<div class="{name}"><p>The crane of 1921 stood here.</p></div>').text


def test_text_with_linked_sound_and_email_addresses_are_kept() -> None:
    sound = '<p>He played <span class="soundcite" data-url="https://a.example/x.mp3">the low note</span> twice.</p>'
    address = '<p>Write to <a class="email-link" href="mailto:hall@town.example">hall@town.example</a>.</p>'
    assert "He played the low note twice." in cleaned(sound).text
    assert "Write to hall@town.example." in cleaned(address).text


@pytest.mark.parametrize(
    "html",
    [
        '<div style="padding-bottom:56.25%;height:0;overflow:hidden"><iframe src="{}"></iframe></div>',
        '<div style="overflow: hidden; padding-top: 75%; height: 0px;"><iframe src="{}"></iframe></div>',
        '<div style="position:relative;left:-50%"><iframe src="{}"></iframe></div>',
        '<div style="margin-left:-120px"><iframe src="{}"></iframe></div>',
    ],
)
def test_iframe_in_a_responsive_wrapper_is_kept(html: str) -> None:
    found = cleaned(html.format("https://www.youtube.com/embed/a1B2c3D4e5F"))
    assert [embed.provider for embed in found.embeds] == ["YouTube"]


@pytest.mark.parametrize(
    "html",
    [
        '<div class="accordion-content" style="max-height:0px; overflow:hidden"><p>The crane of 1921.</p></div>',
        '<ul class="slides"><li style="display:none"><img src="/b.jpg" alt="">The crane of 1921.</li></ul>',
    ],
)
def test_content_of_tabs_and_slides_is_kept(html: str) -> None:
    assert "The crane of 1921." in cleaned(html).text


def test_line_with_a_height_of_one_pixel_is_removed() -> None:
    assert (
        "pills"
        not in cleaned('<div style="height:1px;overflow:hidden"><a href="https://a.example/">pills</a></div>').html
    )


def test_panels_of_a_page_builder_are_kept_and_a_widget_is_removed() -> None:
    panel = '<div class="so-panel widget widget_{}"><p>{}</p></div>'
    html = panel.format("sow-editor", "The crane of 1921 stood here.") + panel.format("black-studio", "It fell in May.")
    assert "The crane of 1921 stood here.\n\nIt fell in May." in cleaned(html).text
    assert "zap" not in cleaned('<div id="text-5" class="widget widget_text"><p>zap</p></div>').text


@pytest.mark.parametrize(
    ("html", "words"),
    [
        (
            'Were you there? Then <a href="https://x.com/share?text=x">tweet about it</a> with our tag before noon.',
            "Then tweet about it with our tag before noon.",
        ),
        (
            '<span class="bctt-ctt-text"><a href="https://twitter.com/intent/tweet?text=x">Look up.</a></span>',
            "Look up.",
        ),
        ('Escríbanos <a href="https://api.whatsapp.com/send?phone=5491&text=Hola">al 5491</a>.', "Escríbanos al 5491."),
    ],
)
def test_share_link_inside_a_sentence_keeps_its_text(html: str, words: str) -> None:
    assert words in cleaned(f"<p>{html}</p>").text


def test_channels_that_an_article_lists_are_kept() -> None:
    listed = '<ul><li>Site: <a href="https://dao.example/">dao</a></li><li>Chat: <a href="https://t.me/+a">t.me</a></li></ul>'
    assert len(cleaned(f'{listed}<p>Discord: <a href="https://discord.gg/a">discord.gg/a</a></p>').links) == 3
    asked = '<ul><li><a href="https://chat.whatsapp.com/a">Join our group</a></li></ul>'
    assert cleaned(asked).removed == {"follow-us": 1}


def test_large_image_from_a_theme_folder_is_kept() -> None:
    picture = '<p><img src="/wp-content/themes/gazette/assets/roses.jpg" width="{}" alt=""></p>'
    assert len(cleaned(picture.format(1200)).images) == 1
    assert cleaned(picture.format(24)).removed == {"site-furniture": 1}


def test_marked_code_keeps_its_spaces_and_line_feeds() -> None:
    html = "<pre><b>if</b> <i>x</i>:\n    <i>y</i>  <i>z</i></pre>"
    found = clean(html, base_url="https://news.example/")
    assert (found.html, found.text) == (html, "if x:\n    y  z")


@pytest.mark.parametrize(
    "words",
    [
        "Share the news.",
        "The articles were reprinted without permission.",
        "Copying without consent is what the judge called theft.",
        "This article is copyrighted. It was stolen.",
        "The post is shared by two.",
        "Click the map and you see the mole.",
        "She did like the story, and shared it.",
        "The newsletter of the guild came weekly.",
        "Copyright 2026 The Gazette. All rights reserved.",
        "The content is copyrighted material of the band, the judge ruled.",
        "Did you find the story in an archive, or did somebody tell you?",
        "Did you enjoy the content of the course?",
        "Share this story with your children tonight.",
        "Hat Ihnen der Text des Abkommens gefallen, als Sie ihn lasen?",
        "¿Le gustó la noticia de su nominación?",
        "Vous avez aimé le film, pourquoi ?",
        "Ti è piaciuto il contenuto del discorso?",
        "Вам понравилась новость о назначении вашего брата?",
        "To see the northern lights you have to accept a long night in the cold.",
        "By playing the lottery you accept the odds, said Meyer.",
        "Klicken Sie auf „Details“, um die Karte anzuzeigen.",
        "Enable third-party cookies to access the account page.",
        "We need your consent to show the operation to students, the surgeon said.",
        "Wil je de stad zien, neem dan cookies mee.",
    ],
)
def test_sentence_about_sharing_copying_or_consent_is_kept(words: str) -> None:
    assert words in cleaned(f"<p>{words}</p>").text


@pytest.mark.parametrize(
    "words",
    [
        'The leaders asked voters to <a href="https://facebook.com/square">follow us</a> on Monday.',
        'The band then led the crowd: <a href="https://facebook.com/band">follow us</a> into the square.',
        'The papers can be read there; visit our archive site <a href="https://facebook.com/archive">here</a>',
        'Die Anführer baten alle: folgt uns <a href="https://facebook.com/platz">auf den Platz</a>',
        'The council voted on Monday to close the old library. <a href="/newsletter/">Subscribe to our newsletter</a>.',
        "In the next article I will be talking about your tyres and how to make the right decision. "
        'Subscribe to the newsletter below or follow us on <a href="https://twitter.com/gazette">Twitter</a>.',
        "The costs differ from harbour to harbour, and you decide how much your crane may lift in a storm. "
        'For more guides like this, please subscribe to our newsletter or follow us on <a href="https://twitter.com/gazette">'
        "Twitter</a>.",
        "Done! You have now added the second crane to the plan of your harbour. "
        'Follow us on <a href="https://twitter.com/gazette">Twitter</a> to read more guides like this.',
    ],
)
def test_plea_in_a_paragraph_with_other_facts_is_kept(words: str) -> None:
    assert cleaned(f"<p>{words}</p>").removed == {}


@pytest.mark.parametrize(
    "words",
    [
        'Our reporters go to every meeting of the council, in all weathers. <a href="/donate/">Donate now</a>.',
        'Independent journalism in the valley costs more every year, and few pay. <a href="/donate/">Donate now</a>.',
        'It takes time. <a href="/newsletter/">Subscribe to our newsletter</a>.',
        'Do you want to hear of each report at the harbour? <a href="/newsletter/">Subscribe to our newsletter</a>.',
    ],
)
def test_plea_of_several_sentences_is_removed(words: str) -> None:
    assert cleaned(f"<p>{words}</p>").removed == {"reader-plea": 1}


def test_text_of_an_author_in_an_unclosed_form_is_kept() -> None:
    lesson = "".join(
        f"<p>Step {number} of the lesson tells how the field takes what the reader writes.</p>" for number in range(20)
    )
    found = cleaned(
        f"<p>{'The page begins with a heading and a menu. ' * 60}</p><form>{lesson}<input name='first'></form>"
    )
    assert found.text.count("Step") == 20
    assert found.held_back == ("form",)
    assert cleaned("<p>Rain fell.</p><form><label>Name</label><input name='first'></form>").removed == {"form": 1}


@pytest.mark.parametrize(
    "html",
    [
        "<p>The site contains affiliate links to casinos, the court found on Monday.</p>",
        "<p>We earn a living by the sea, and the links between us are old.</p>",
        "<p>Affiliate links pay writers a commission when readers buy.</p>",
        "<p>If you buy a flat through the agency, we may earn a commission, the broker told the court in March. The"
        " judge did not believe a word of it. Three witnesses saw the broker at the harbour on that evening.</p>",
        "<p>Wenn Sie über Links in einem Blog kaufen, erhält der Blog oft eine Provision. Der Verein der Verbraucher"
        " hat im Sommer achtzig Blogs gelesen. Nur zwölf von ihnen sagten, wer die Texte bezahlt hatte.</p>",
        "<p>As an associate she earns 90,000 dollars a year.</p>",
        "<p>As an associate professor earns more, the union was asked to help.</p>",
        "<p>As an affiliate marketer, he earns about 500 dollars a month.</p>",
        "<p>Most products of the Dutch affiliate reach us by ship.</p>",
        "<p>The resources of its affiliate in Texas were sold before we could ask.</p>",
        "<p>Wenn Sie auf den Link klicken, erhält der Blogger eine Provision, warnt der Verein.</p>",
        "<p>Wenn Sie über Links in einem Blog kaufen, erhält der Blog oft eine Provision.</p>",
        "<p>Die Links in den Videos waren Partnerlinks, entschied das Gericht.</p>",
        "<p>Der Text enthält Partnerlinks, urteilte das Gericht.</p>",
        "<p>Unser Blog nutzt keine Affiliate-Links.</p>",
        '<p>Buy now, the broker said, or <a href="https://amzn.to/3lamp">the lamp</a> is gone.</p>',
        '<p>Check <a href="https://www.amazon.com/dp/B0LAMP?tag=gazette-20">the lamp of Ann</a> in the dark.</p>',
        '<p><a href="https://lamps.example/shop">Buy at the lamp shop</a></p>',
        "<p>If you buy a house, the agent gets a commission from the seller.</p>",
        "<h2>Discover more from the sea</h2><p>Waves bring shells to the beach.</p>",
        "<p>They subscribe to get the paper sent to their homes.</p>",
        '<p>Follow the debate on <a href="https://x.com/ann/status/1">X</a>, where it began on Monday.</p>',
        '<p>Follow Harbour Readers on <a href="https://instagram.com/harbourreaders">Instagram</a></p>',
        '<p>Follow the coast path on <a href="https://walks.example/map">the map</a> of the ramblers.</p>',
    ],
)
def test_text_about_commissions_and_channels_is_kept(html: str) -> None:
    assert cleaned(f"<p>Rain fell.</p>{html}").removed == {}


def test_follow_line_with_the_name_of_the_newsroom_is_removed() -> None:
    line = '<p>Follow The Gazette on <a href="https://facebook.com/TheGazette">Facebook</a> and <a href="https://x.com/gazette">X</a></p>'
    found = clean(f"<p>Rain fell.</p>{line}", base_url="https://gazette.example/rain/")
    assert (found.text, found.removed) == ("Rain fell.", {"follow-name": 1})
    assert not clean(f"<p>Rain fell.</p>{line}", base_url="https://courier.example/rain/").removed
