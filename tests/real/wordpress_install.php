<?php
/**
 * Creates the tables and the first user of a fresh site with the title $args['title'].
 */

$_SERVER['HTTP_HOST'] = parse_url($call['url'], PHP_URL_HOST) . ':' . parse_url($call['url'], PHP_URL_PORT);
$_SERVER['REQUEST_URI'] = (string) parse_url($call['url'], PHP_URL_PATH) . '/';

define('WP_INSTALLING', true);
define('WP_SITEURL', $call['url']);

// The welcome mail; declared before WordPress declares its own.
function wp_new_blog_notification($title, $url, $user, $password) {}

require $call['root'] . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';

wp_install($args['title'], 'chief', 'chief@newsroom.example', true, '', 'chief');
update_option('timezone_string', 'Europe/Paris');
update_option('uploads_use_yearmonth_folders', 1);

// Rows that an installation creates would stand in every count.
global $wpdb;
foreach (['posts', 'postmeta', 'comments', 'commentmeta', 'term_relationships'] as $table) {
    $wpdb->query("TRUNCATE {$wpdb->$table}");
}
$wpdb->query("UPDATE {$wpdb->term_taxonomy} SET count = 0");
