<?php
/**
 * A sitemap in the manner of an SEO plugin: the URLs of the option `variant_urls`, whatever became of them.
 */

add_filter('wp_sitemaps_enabled', '__return_false');
add_action('init', function () {
    $path = parse_url($_SERVER['REQUEST_URI'] ?? '', PHP_URL_PATH);
    if (in_array($path, ['/wp-sitemap.xml', '/sitemap.xml', '/sitemap_index.xml', '/post-sitemap.xml'], true)) {
        status_header($path === '/sitemap_index.xml' || $path === '/post-sitemap.xml' ? 200 : 404);
        header('Content-Type: text/xml; charset=UTF-8');
        $urls = $path === '/post-sitemap.xml' ? (array) get_option('variant_urls', []) : [home_url('/post-sitemap.xml')];
        $tag = $path === '/post-sitemap.xml' ? ['urlset', 'url'] : ['sitemapindex', 'sitemap'];
        echo '<?xml version="1.0" encoding="UTF-8"?>' . "<$tag[0] xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">";
        foreach ($urls as $url) {
            echo "<$tag[1]><loc>" . esc_url($url) . "</loc><lastmod>2024-01-01T00:00:00+00:00</lastmod></$tag[1]>";
        }
        exit("</$tag[0]>");
    }
}, 99);
