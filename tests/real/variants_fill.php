<?php
/**
 * Empties a site and fills it with $args['posts'] posts and a page; the posts' ids are in $ids. Each post has a category and the
 * fields `lang` and `paid`, by which plugins of a variant hide it.
 */

global $wpdb;
foreach (['posts', 'postmeta', 'comments', 'commentmeta', 'term_relationships'] as $table) {
    $wpdb->query("TRUNCATE {$wpdb->$table}");
}
wp_cache_flush();
update_option('sticky_posts', []);
update_option('show_on_front', 'posts');
update_option('blog_public', 1);
update_option('timezone_string', 'Europe/Paris');
$terms = [];
foreach (['News', 'Sport', 'Members'] as $name) {
    $found = term_exists($name, 'category') ?: wp_insert_term($name, 'category');
    $terms[] = (int) $found['term_id'];
}
$ids = [];
for ($i = 0; $i < $args['posts']; $i++) {
    $gmt = gmdate('Y-m-d 12:00:00', time() - 86400 * (25 * ($args['posts'] - $i) - 20));
    $ids[] = $id = wp_insert_post([
        'post_title' => "Story $i", 'post_content' => "<p>The whole text of story number $i, written for readers of the paper.</p>",
        'post_status' => 'publish', 'post_author' => 1, 'post_date_gmt' => $gmt, 'post_date' => get_date_from_gmt($gmt),
        'post_category' => [$terms[$i % 3]], 'meta_input' => ['lang' => $i % 2 ? 'en' : 'fr', 'paid' => (string) ($i % 3 === 2)],
    ], true);
    if (is_wp_error($id)) {
        throw new RuntimeException($id->get_error_message());
    }
}
wp_insert_post(['post_type' => 'page', 'post_title' => 'About', 'post_content' => '<p>Who we are.</p>', 'post_status' => 'publish']);
