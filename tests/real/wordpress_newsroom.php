<?php
/**
 * Must-use plugin of every bench site: what a newsroom registers of its own.
 *
 * - type `report`, rest_base `reports`, with the taxonomy `beat`, rest_base `beats`
 * - type `bulletin` under a namespace of its own, newsroom/v1
 * - type `memo`: public, but not in the REST API
 */

// WordPress asks the mail program of the machine unless it is told that the mail is sent.
add_filter('pre_wp_mail', '__return_true');

add_action('init', function () {
    register_taxonomy('beat', ['report'], [
        'label' => 'Beats', 'public' => true, 'hierarchical' => true, 'show_in_rest' => true, 'rest_base' => 'beats',
    ]);
    register_post_type('report', [
        'label' => 'Reports', 'public' => true, 'show_in_rest' => true, 'rest_base' => 'reports', 'has_archive' => true,
        'supports' => ['title', 'editor', 'author', 'thumbnail', 'excerpt', 'comments', 'revisions'],
        'taxonomies' => ['beat', 'post_tag'],
    ]);
    register_post_type('bulletin', [
        'label' => 'Bulletins', 'public' => true, 'show_in_rest' => true, 'rest_namespace' => 'newsroom/v1',
        'supports' => ['title', 'editor', 'author'],
    ]);
    register_post_type('memo', ['label' => 'Memos', 'public' => true, 'show_in_rest' => false]);
});
