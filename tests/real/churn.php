<?php
/**
 * Does to posts what editors, plugins and importers do: $args['acts'], a list of {act, ...}, in turn. Prints a JSON list of
 * the ids that were touched.
 *
 * An act whose name ends in `_quietly` writes to the table alone, as plugins that expire posts, importers and phpMyAdmin do:
 * WordPress then sets no date of modification.
 */

global $wpdb;
wp_set_current_user(1);
// A restored post is published again, as before WordPress 5.6 and with the classic-editor setting of many newsrooms.
add_filter('wp_untrash_post_status', 'wp_untrash_post_set_previous_status', 10, 3);

$checked = function ($id) {
    if (is_wp_error($id) || !$id) {
        throw new RuntimeException($id ? $id->get_error_message() : 'no post');
    }
    return (int) $id;
};
$update = fn(array $fields) => $checked(wp_update_post(wp_slash($fields), true));
$insert = fn(array $act, array $fields) => $checked(wp_insert_post(wp_slash($fields + [
    'post_title' => $act['title'], 'post_content' => $act['text'], 'post_author' => 1, 'post_status' => 'publish',
]), true));
$dates = fn(string $gmt) => ['post_date' => get_date_from_gmt($gmt), 'post_date_gmt' => $gmt];
$write = function (int $id, array $columns) use ($wpdb, $checked) {
    $checked($wpdb->update($wpdb->posts, $columns, ['ID' => $id]) !== false);
    clean_post_cache($id);
    return $id;
};

/** Many old posts at once, straight into the table, as importers write them. The ids follow the newest one. */
$import = function (array $act) use ($wpdb, &$touched) {
    for ($i = 0; $i < $act['count']; $i++) {
        $gmt = gmdate('Y-m-d H:i:s', strtotime($act['gmt'] . ' UTC') + 60 * $i);
        $local = get_date_from_gmt($gmt);
        $wpdb->insert($wpdb->posts, [
            'post_title' => "$act[title] part $i", 'post_content' => $act['text'], 'post_name' => sanitize_title("$act[title] part $i"),
            'post_status' => 'publish', 'post_author' => 1, 'post_date' => $local, 'post_date_gmt' => $gmt, 'post_modified' => $local,
            'post_modified_gmt' => $gmt, 'post_excerpt' => '', 'to_ping' => '', 'pinged' => '', 'post_content_filtered' => '',
        ]);
        $id = (int) $wpdb->insert_id;
        $wpdb->update($wpdb->posts, ['guid' => home_url("/?p=$id")], ['ID' => $id]);
        $touched[] = $id;
    }
    return 0;
};

$touched = [];
foreach ($args['acts'] as $act) {
    $id = (int) ($act['id'] ?? 0);
    $touched[] = match ($act['act']) {
        'add' => $insert($act, []),
        'back_date' => $insert($act, $dates($act['gmt'])),
        'edit' => $update(['ID' => $id, 'post_title' => $act['title'], 'post_content' => $act['text']]),
        'edit_quietly' => $write($id, ['post_title' => $act['title'], 'post_content' => $act['text']]),
        'redate' => $update(['ID' => $id, 'edit_date' => true] + $dates($act['gmt'])),
        'redate_quietly' => $write($id, $dates($act['gmt'])),
        'schedule' => $insert($act, ['post_status' => 'future'] + $dates('2099-01-01 08:00:00')),
        'publish_late' => (function () use ($id, $act, $write, $dates) {
            $gmt = ['post_modified' => get_date_from_gmt($act['gmt']), 'post_modified_gmt' => $act['gmt']];
            $write($id, $dates($act['gmt']) + $gmt);
            check_and_publish_future_post($id);
            return $id;
        })(),
        'trash' => $checked((bool) wp_trash_post($id)) ? $id : 0,
        'restore' => $checked((bool) wp_untrash_post($id)) ? $id : 0,
        'hide', 'show' => $update(['ID' => $id, 'post_status' => $act['status']]),
        'hide_quietly', 'show_quietly' => $write($id, ['post_status' => $act['status']]),
        'convert' => $update(['ID' => $id, 'post_type' => $act['type']]),
        'import' => $import($act),
        'delete' => $checked((bool) wp_delete_post($id, true)) ? $id : 0,
        'zone' => update_option('timezone_string', $act['zone']) ? 0 : 0,
    };
}
echo json_encode(array_values(array_filter($touched)));
