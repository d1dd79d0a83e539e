<?php
/**
 * A newsroom, the same one every time: $args['posts'] public posts over six years, and around them whatever a real site
 * holds. All text is invented. Bulk rows go in by SQL; what WordPress computes (slugs, guids, attachments) through it.
 *
 * Every marked row is listed by name in the option `bench_named` {name: id}: tests look oddities up there.
 */

global $wpdb;
$total = (int) $args['posts'];
$named = [];
mt_srand(20240229);
wp_suspend_cache_addition(true);
wp_defer_term_counting(true);
remove_all_actions('transition_post_status');
kses_remove_filters();

const WORDS = ['harbour', 'council', 'ferry', 'orchard', 'budget', 'lantern', 'bridge', 'storm', 'school', 'tram', 'museum',
    'river', 'signal', 'market', 'winter', 'archive', 'quarry', 'festival', 'library', 'turbine', 'meadow', 'verdict'];
const FIRST_SECOND = 1546340400; // 2019-01-01 11:00 UTC
const TIED_SECOND = '2021-06-15 10:00:00'; // UTC; Paris is two hours ahead

function words(int $n): string {
    $words = [];
    while ($n-- > 0) {
        $words[] = WORDS[mt_rand(0, count(WORDS) - 1)];
    }
    return implode(' ', $words);
}

function body(int $paragraphs): string {
    $text = '';
    while ($paragraphs-- > 0) {
        $text .= "<!-- wp:paragraph -->\n<p>" . ucfirst(words(40)) . ".</p>\n<!-- /wp:paragraph -->\n\n";
    }
    return $text;
}

/** Rows of equal keys, by several hundred a statement. */
function bulk(string $table, array $rows): void {
    global $wpdb;
    foreach (array_chunk($rows, 400) as $chunk) {
        $keys = implode(',', array_map(fn($key) => "`$key`", array_keys($chunk[0])));
        $values = array_map(fn($row) => '(' . implode(',', array_map(
            fn($v) => is_int($v) ? $v : "'" . $wpdb->_real_escape($v) . "'", $row)) . ')', $chunk);
        // _real_escape replaces % by placeholders; the content must have the sign itself.
        $done = $wpdb->query($wpdb->remove_placeholder_escape("INSERT INTO $table ($keys) VALUES " . implode(',', $values)));
        if ($done === false) {
            throw new RuntimeException($wpdb->last_error);
        }
    }
}

function row(int $id, string $gmt, array $fields = []): array {
    $local = get_date_from_gmt($gmt);
    return array_merge([
        'ID' => $id, 'post_author' => 1, 'post_date' => $local, 'post_date_gmt' => $gmt, 'post_content' => '',
        'post_title' => '', 'post_excerpt' => '', 'post_status' => 'publish', 'comment_status' => 'open',
        'ping_status' => 'open', 'post_password' => '', 'post_name' => '', 'to_ping' => '', 'pinged' => '',
        'post_modified' => $local, 'post_modified_gmt' => $gmt, 'post_content_filtered' => '', 'post_parent' => 0,
        'guid' => '', 'menu_order' => 0, 'post_type' => 'post', 'post_mime_type' => '', 'comment_count' => 0,
    ], $fields);
}

/** A post through WordPress itself, remembered by name. */
function named(string $name, array $fields): int {
    global $named;
    $id = wp_insert_post(wp_slash($fields + [
        'post_status' => 'publish', 'post_author' => 2, 'post_title' => ucfirst(words(4)), 'post_content' => body(2),
        'post_date_gmt' => gmdate('Y-m-d H:i:s', FIRST_SECOND + 86400 * 40 * (count($named) + 1) + 7),
        'post_date' => '', 'post_modified_gmt' => '',
    ]), true);
    if (is_wp_error($id)) {
        throw new RuntimeException("$name: " . $id->get_error_message());
    }
    return $named[$name] = $id;
}

// Authors: ids 2 to 13; 12 writes nothing, 13 is deleted below while its posts stay.
$authors = [];
foreach (['Ada Marlow', 'Bruno Keel', 'Chidi Sand', 'Dora & Sons', 'Élodie Rivière', 'Farid Quill', 'Grete Holm', 'Hugo Vane',
    'Ines Field', 'Jun Harbor', 'Silent Sam', 'Gone Gil'] as $i => $name) {
    $login = 'writer' . ($i + 2);
    $id = 2 + $i;
    bulk($wpdb->users, [['ID' => $id, 'user_login' => $login, 'user_pass' => '!', 'user_nicename' => sanitize_title($name),
        'user_email' => "$login@newsroom.example", 'user_url' => $i % 3 ? '' : "https://$login.example/",
        'user_registered' => '2019-01-01 00:00:00', 'user_activation_key' => '', 'display_name' => $name]]);
    bulk($wpdb->usermeta, [
        ['user_id' => $id, 'meta_key' => 'wp_capabilities', 'meta_value' => serialize(['author' => true])],
        ['user_id' => $id, 'meta_key' => 'wp_user_level', 'meta_value' => '2'],
        ['user_id' => $id, 'meta_key' => 'description', 'meta_value' => $i % 2 ? '' : "Writes about the " . words(2) . '.'],
    ]);
    $authors[] = $id;
}
$writing = array_slice($authors, 0, 10);

// Terms: nested categories, several hundred tags, beats.
$categories = [];
foreach (['Politics', 'Culture', 'Science & Nature', 'Sport', 'Économie'] as $top) {
    $parent = wp_insert_term($top, 'category')['term_id'];
    $categories[] = $parent;
    foreach (['Local', 'World'] as $name) {
        $child = wp_insert_term("$top $name", 'category', ['parent' => $parent, 'description' => "All on $name."])['term_id'];
        $categories[] = $child;
        $categories[] = wp_insert_term("$top $name Analysis", 'category', ['parent' => $child])['term_id'];
    }
}
$next_term = 1 + (int) $wpdb->get_var("SELECT MAX(term_id) FROM $wpdb->terms");
$terms = $taxonomies = $tags = $beats = [];
for ($i = 0; $i < 340; $i++) {
    $id = $next_term + $i;
    [$taxonomy, $label] = $i < 320 ? ['post_tag', 'tag'] : ['beat', 'beat'];
    $name = $i === 7 ? 'Q&amp;A' : ($i === 8 ? 'новости' : ucfirst(WORDS[$i % count(WORDS)]) . " $label $i");
    $terms[] = ['term_id' => $id, 'name' => $name, 'slug' => sanitize_title($name), 'term_group' => 0];
    $taxonomies[] = ['term_taxonomy_id' => $id, 'term_id' => $id, 'taxonomy' => $taxonomy, 'description' => '',
        'parent' => $taxonomy === 'beat' && $i > 325 ? $next_term + 320 : 0, 'count' => 0];
    $taxonomy === 'beat' ? $beats[] = $id : $tags[] = $id;
}
bulk($wpdb->terms, $terms);
bulk($wpdb->term_taxonomy, $taxonomies);
$taxonomy_id = array_column($wpdb->get_results("SELECT term_id, term_taxonomy_id FROM $wpdb->term_taxonomy", ARRAY_A),
    'term_taxonomy_id', 'term_id');

// The oddities come first: they are among the $total posts.
$arabic = 'أخبار الميناء القديم';
foreach (['arabic' => [$arabic, 'ar'], 'chinese' => ['港口新闻与夜间渡轮', 'zh'], 'russian' => ['Новости старой гавани', 'ru'],
    'hindi' => ['पुराने बंदरगाह की खबरें', 'hi']] as $name => [$title, $lang]) {
    named($name, ['post_title' => $title, 'post_content' => "<p lang=\"$lang\">" . str_repeat("$title. ", 12) . '</p>']);
}
foreach (['formula' => "=cmd|' /C calc'!A0", 'plus' => '+1 for the ferry', 'minus' => '-2 degrees at dawn', 'at' => '@harbour speaks',
    'entities' => 'Fish &amp; chips &#8211; &lt;b&gt;hot&lt;/b&gt; "quoted" it\'s', 'tagged' => 'The <em>slow</em> tram <script>1</script>',
    'emoji' => 'Rain ☔ and 👩‍🚀 and 🏴󠁧󠁢󠁳󠁣󠁴󠁿', 'untitled' => ''] as $name => $title) {
    named($name, ['post_title' => $title]);
}
named('sticky', []);
stick_post($named['sticky']);
named('protected', ['post_password' => 'lantern', 'post_excerpt' => 'A hidden lead.']);
named('paged', ['post_content' => "First page.\n<!--nextpage-->\nSecond page.\n<!--nextpage-->\nThird page."]);
named('more', ['post_content' => "<p>The lead.</p>\n<!--more Read on-->\n<p>The rest.</p>"]);
named('blocks', ['post_content' => "<!-- wp:heading -->\n<h2 class=\"wp-block-heading\">Tides</h2>\n<!-- /wp:heading -->\n"
    . "<!-- wp:list -->\n<ul><li>High</li><li>Low</li></ul>\n<!-- /wp:list -->\n<!-- wp:quote -->\n"
    . "<blockquote class=\"wp-block-quote\"><p>We wait.</p></blockquote>\n<!-- /wp:quote -->\n" . body(1)]);
named('shortcodes', ['post_content' => '[caption width="300"]<img src="/wp-content/uploads/tide.jpg" alt="Tide"> The tide[/caption]'
    . "\n[unknown_plugin id=\"5\"]\n[gallery ids=\"\"]"]);
named('weird', ['post_content' => "<p>A ]]> in the text, a <![CDATA[ too.</p><p>Zero\u{200B}width, soft\u{AD}hyphen, line\u{2028}"
    . "break, \u{FEFF}mark, \u{FFFD} and \u{FFFE}, bell \u{0007}, unit \u{001F}, \u{202E}turned\u{202C}.</p>"]);
named('huge', ['post_content' => str_repeat('<p>' . ucfirst(words(100)) . '.</p>' . "\n", (int) (2 * 1024 * 1024 / 700))]);
$wpdb->query("UPDATE $wpdb->posts SET post_content = RPAD(post_content, 2097152, 'tide ') WHERE ID = {$named['huge']}");
named('empty', ['post_content' => '']);
named('authorless', []);
named('deleted_author', ['post_author' => 13]);
named('dangling_image', []);
named('draft_image', []);
named('zero_gmt', []);
named('zero_date', []);
named('empty_guid', []);
named('empty_guid_2', []);
named('entity_guid', []);
named('twin_guid', []);
named('twin_guid_2', []);
// The autumn clock change in Paris: the hour from 2 to 3 happens twice.
named('autumn_first', ['post_date_gmt' => '2022-10-30 00:30:00']);
named('autumn_second', ['post_date_gmt' => '2022-10-30 01:30:00']);
$public = count($named);

named('draft', ['post_status' => 'draft']);
named('private', ['post_status' => 'private']);
named('pending', ['post_status' => 'pending']);
named('scheduled', ['post_status' => 'future', 'post_date_gmt' => '2099-01-01 00:00:00', 'post_date' => '2099-01-01 01:00:00']);
named('trashed', []);
wp_trash_post($named['trashed']);
named('revised', ['post_type' => 'page', 'post_title' => 'About the newsroom']);
wp_update_post(['ID' => $named['revised'], 'post_content' => 'Who we are, again.']);
named('child_page', ['post_type' => 'page', 'post_parent' => $named['revised'], 'post_title' => 'Contact']);
named('memo', ['post_type' => 'memo']);

$host = home_url();
foreach (['authorless' => "post_author = 0", 'zero_gmt' => "post_date_gmt = '0000-00-00', post_modified_gmt = '0000-00-00'",
    'zero_date' => "post_date = '0000-00-00', post_date_gmt = '0000-00-00', post_modified = '0000-00-00', post_modified_gmt = '0000-00-00'",
    'empty_guid' => "guid = ''", 'empty_guid_2' => "guid = ''",
    'entity_guid' => "guid = '$host/?post_type=post&#038;p=900&amp;x=1'",
    'twin_guid' => "guid = '$host/?p=twin'", 'twin_guid_2' => "guid = '$host/?p=twin'"] as $name => $set) {
    // WordPress sets the strict mode aside for its own connection: a zero date is stored as such.
    $wpdb->query("UPDATE $wpdb->posts SET $set WHERE ID = {$named[$name]}");
}

// Media, then the bulk: rows with ids of our own choosing.
$next = 1 + (int) $wpdb->get_var("SELECT MAX(ID) FROM $wpdb->posts");
$rows = $meta = $links = [];
$bulk_posts = max(0, $total - $public);
$images = max(10, intdiv($total, 2));
$first_image = $next;
$first_post = $next + $images;
for ($i = 0; $i < $images; $i++) {
    $id = $next++;
    $file = gmdate('Y/m', FIRST_SECOND + $i * 86400) . "/photo-$i.jpg";
    $rows[] = row($id, gmdate('Y-m-d H:i:s', FIRST_SECOND + $i * 7200), [
        'post_title' => "Photo $i", 'post_name' => "photo-$i", 'post_status' => 'inherit', 'post_type' => 'attachment',
        'post_mime_type' => 'image/jpeg', 'post_excerpt' => $i % 2 ? "The " . words(3) . '.' : '', 'post_author' => $writing[$i % 10],
        'guid' => "$host/wp-content/uploads/$file", 'post_parent' => $i % 3 && $bulk_posts ? $first_post + $i % $bulk_posts : 0]);
    $sizes = $i % 5 ? ['thumbnail' => ['file' => "photo-$i-150x150.jpg", 'width' => 150, 'height' => 150, 'mime-type' => 'image/jpeg']] : [];
    $meta[] = ['post_id' => $id, 'meta_key' => '_wp_attached_file', 'meta_value' => $file];
    // Every eleventh has no metadata at all, as an import leaves it.
    if ($i % 11) {
        $meta[] = ['post_id' => $id, 'meta_key' => '_wp_attachment_metadata', 'meta_value' => serialize(
            ['width' => 1200, 'height' => 800, 'file' => $file, 'filesize' => 1000 + $i, 'sizes' => $sizes, 'image_meta' => []])];
    }
    if ($i % 4) {
        $meta[] = ['post_id' => $id, 'meta_key' => '_wp_attachment_image_alt', 'meta_value' => "A " . words(2) . " & a <boat>"];
    }
}
$step = intdiv(6 * 365 * 86400, max(1, $bulk_posts));
for ($i = 0; $i < $bulk_posts; $i++) {
    $id = $next++;
    $gmt = $i < 250 ? TIED_SECOND : gmdate('Y-m-d H:i:s', FIRST_SECOND + $i * $step);
    $edited = $i % 4 || $i < 250 ? $gmt : gmdate('Y-m-d H:i:s', FIRST_SECOND + $i * $step + 90000);
    $title = ucfirst(words(5));
    $rows[] = row($id, $gmt, ['post_title' => $title, 'post_name' => sanitize_title($title) . "-$id", 'post_content' => body(5),
        'post_excerpt' => $i % 3 ? '' : ucfirst(words(12)) . '.', 'post_author' => $writing[mt_rand(0, 9)],
        'post_modified_gmt' => $edited, 'post_modified' => get_date_from_gmt($edited), 'guid' => "$host/?p=$id"]);
    $links[] = [$id, $categories[mt_rand(0, count($categories) - 1)]];
    foreach (array_unique([mt_rand(0, 309), mt_rand(0, 309), mt_rand(0, 309)]) as $tag) {
        $links[] = [$id, $tags[$tag]];
    }
    if ($i % 10) {
        // Some images serve several posts.
        $meta[] = ['post_id' => $id, 'meta_key' => '_thumbnail_id', 'meta_value' => (string) ($first_image + $i % $images)];
    }
}
for ($i = 0; $i < 60; $i++) {
    $id = $next++;
    [$type, $title] = $i < 30 ? ['report', "Report $i"] : ($i < 50 ? ['bulletin', "Bulletin $i"] : ['page', "Page $i"]);
    $rows[] = row($id, gmdate('Y-m-d H:i:s', FIRST_SECOND + $i * 864000), ['post_title' => $title, 'post_type' => $type,
        'post_name' => sanitize_title($title), 'post_content' => body(2), 'post_author' => $writing[$i % 10],
        'guid' => "$host/?post_type=$type&#038;p=$id"]);
    if ($type === 'report') {
        $links[] = [$id, $beats[$i % 19]];
        $links[] = [$id, $tags[$i]];
    }
}
bulk($wpdb->posts, $rows);

foreach (array_slice(array_values($named), 0, $public) as $i => $id) {
    $links[] = [$id, $categories[$i % count($categories)]];
}
$wpdb->query("DELETE r FROM $wpdb->term_relationships r WHERE r.object_id IN (" . implode(',', $named) . ')');
bulk($wpdb->term_relationships, array_map(
    fn($link) => ['object_id' => $link[0], 'term_taxonomy_id' => (int) $taxonomy_id[$link[1]], 'term_order' => 0], $links));

// Images that no visitor may see.
$named['image_of_draft'] = $next++;
bulk($wpdb->posts, [row($named['image_of_draft'], '2020-02-02 02:02:02', ['post_title' => 'Unseen', 'post_name' => 'unseen',
    'post_status' => 'inherit', 'post_type' => 'attachment', 'post_mime_type' => 'image/jpeg', 'post_parent' => $named['draft'],
    'guid' => "$host/wp-content/uploads/unseen.jpg"])]);
$meta[] = ['post_id' => $named['image_of_draft'], 'meta_key' => '_wp_attached_file', 'meta_value' => 'unseen.jpg'];
$meta[] = ['post_id' => $named['draft_image'], 'meta_key' => '_thumbnail_id', 'meta_value' => (string) $named['image_of_draft']];
$meta[] = ['post_id' => $named['dangling_image'], 'meta_key' => '_thumbnail_id', 'meta_value' => '99999999'];
bulk($wpdb->postmeta, $meta);

// Comments: threads on public posts, spam and waiting ones, and some on posts that no visitor may read.
$comments = [];
$places = [$named['sticky'], $named['draft'], $named['private'], $named['protected'], $named['trashed']];
for ($i = 0; $i < 300; $i++) {
    $odd = $i < 25;
    $post = $odd ? $places[$i % 5] : ($bulk_posts ? $first_post + ($i * 7) % $bulk_posts : $named['sticky']);
    $gmt = gmdate('Y-m-d H:i:s', FIRST_SECOND + 190000000 + intdiv($i, 3) * 60);
    $comments[] = ['comment_ID' => $i + 1, 'comment_post_ID' => $post, 'comment_author' => "Reader $i", 'comment_author_email' =>
        "reader$i@reader.example", 'comment_author_url' => '', 'comment_author_IP' => '127.0.0.1', 'comment_date' => get_date_from_gmt($gmt),
        'comment_date_gmt' => $gmt, 'comment_content' => ucfirst(words(12)) . " <b>$i</b> &amp; so on.", 'comment_karma' => 0,
        'comment_approved' => $i % 10 === 9 ? 'spam' : ($i % 10 === 8 ? '0' : '1'), 'comment_agent' => '', 'comment_type' => 'comment',
        'comment_parent' => 0, 'user_id' => $i % 20 ? 0 : 2];
}
// Replies: every second of the first hundred public comments has a reply, on the same post.
for ($i = 25; $i < 125; $i += 2) {
    $comments[] = ['comment_ID' => 300 + $i, 'comment_parent' => $i + 1, 'comment_author' => 'Answering'] + $comments[$i];
}
bulk($wpdb->comments, array_map(fn($row) => array_merge($comments[0], $row), $comments));

$wpdb->query("UPDATE $wpdb->posts p SET comment_count = (SELECT COUNT(*) FROM $wpdb->comments c WHERE c.comment_post_ID = p.ID AND c.comment_approved = '1')");
$wpdb->query("UPDATE $wpdb->term_taxonomy t SET count = (SELECT COUNT(*) FROM $wpdb->term_relationships r JOIN $wpdb->posts p
    ON p.ID = r.object_id AND p.post_status = 'publish' WHERE r.term_taxonomy_id = t.term_taxonomy_id)");
$wpdb->query("DELETE FROM $wpdb->users WHERE ID = 13");
$wpdb->query("DELETE FROM $wpdb->usermeta WHERE user_id = 13");
update_option('bench_named', $named, false);
delete_option('category_children');
delete_option('beat_children');
wp_cache_flush();
flush_rewrite_rules(false);
