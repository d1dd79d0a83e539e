"""The configuration texts of nginx, PHP and WordPress. Everything listens on loopback or on a socket, sends no mail and
contacts no other host."""

from __future__ import annotations

from pathlib import Path

# One JSON object a request, so that a user agent with quotes cannot break the reading.
_LOG_FORMAT = (
    """'{"msec":$msec,"method":"$request_method","uri":"$request_uri","status":$status,"seconds":$request_time,"""
    """"bytes":$body_bytes_sent,"user_agent":"$http_user_agent"}'"""
)


def nginx(*, folder: Path, root: Path, port: int, user: str | None, prefix: str) -> str:
    """``prefix`` is "" or the sub-directory of the site, such as "/news"."""
    return f"""
{f"user {user};" if user else ""}
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 256; }}
http {{
    types {{ text/html html; text/css css; text/javascript js; image/jpeg jpg; image/png png; }}
    default_type application/octet-stream;
    log_format bench escape=json {_LOG_FORMAT};
    access_log {folder}/access.log bench;
    client_body_temp_path {folder}/tmp-body;
    fastcgi_temp_path {folder}/tmp-fastcgi;
    proxy_temp_path {folder}/tmp-proxy;
    scgi_temp_path {folder}/tmp-scgi;
    uwsgi_temp_path {folder}/tmp-uwsgi;
    gzip on;
    gzip_comp_level 1;
    gzip_types application/json application/rss+xml application/xml;
    server {{
        listen 127.0.0.1:{port};
        root {root};
        index index.php;
        location / {{ try_files $uri $uri/ {prefix}/index.php?$args; }}
        location ~ ^(?<script>.+\\.php)(?<info>/.*)?$ {{
            fastcgi_pass unix:{folder}/php.sock;
            fastcgi_read_timeout 120s;
            fastcgi_buffers 16 64k;
            fastcgi_param GATEWAY_INTERFACE CGI/1.1;
            fastcgi_param SERVER_SOFTWARE nginx;
            fastcgi_param SERVER_PROTOCOL $server_protocol;
            fastcgi_param SERVER_ADDR $server_addr;
            fastcgi_param SERVER_PORT $server_port;
            fastcgi_param SERVER_NAME 127.0.0.1;
            fastcgi_param REMOTE_ADDR $remote_addr;
            fastcgi_param REQUEST_METHOD $request_method;
            fastcgi_param REQUEST_URI $request_uri;
            fastcgi_param REQUEST_SCHEME $scheme;
            fastcgi_param QUERY_STRING $query_string;
            fastcgi_param CONTENT_TYPE $content_type;
            fastcgi_param CONTENT_LENGTH $content_length;
            fastcgi_param DOCUMENT_ROOT $document_root;
            fastcgi_param DOCUMENT_URI $document_uri;
            fastcgi_param SCRIPT_NAME $script;
            fastcgi_param SCRIPT_FILENAME $document_root$script;
            fastcgi_param PATH_INFO $info;
            # Debian's own fastcgi_params sends $host here, which lacks the port: WordPress would redirect to itself.
            fastcgi_param HTTP_HOST $http_host;
        }}
    }}
}}
"""


def php_fpm(*, folder: Path, user: str | None) -> str:
    owner = f"user = {user}\ngroup = {user}" if user else ""
    return f"""
[global]
pid = {folder}/php.pid
error_log = {folder}/php-fpm.log
daemonize = no

[www]
{owner}
listen = {folder}/php.sock
listen.mode = 0666
pm = static
pm.max_children = 4
catch_workers_output = yes
php_admin_value[error_log] = {folder}/php-errors.log
php_admin_flag[log_errors] = on
php_admin_flag[display_errors] = off
php_admin_value[memory_limit] = 256M
php_admin_value[sendmail_path] = /bin/true
; Tests drop must-use plugins while the server runs: the next request must see them.
php_admin_value[opcache.revalidate_freq] = 0

; What tests run themselves (wordpress_call.php). Without a log file, errors go back to the caller.
[calls]
{owner}
listen = {folder}/calls.sock
listen.mode = 0666
pm = static
pm.max_children = 1
php_admin_flag[log_errors] = on
php_admin_flag[display_errors] = off
php_admin_value[memory_limit] = 1G
php_admin_value[max_execution_time] = 0
php_admin_value[sendmail_path] = /bin/true
php_admin_value[opcache.revalidate_freq] = 0
"""


def wp_config(*, socket: Path, database: str) -> str:
    """``wp-config.php``. Its salts are not secret: the site lives on loopback for the length of a test run."""
    names = ["AUTH", "SECURE_AUTH", "LOGGED_IN", "NONCE"]
    keys = "\n".join(f"define('{name}_{what}', '{name} {what}');" for name in names for what in ("KEY", "SALT"))
    return f"""<?php
define('DB_NAME', '{database}');
define('DB_USER', 'root');
define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:{socket}');
define('DB_CHARSET', 'utf8mb4');
define('DB_COLLATE', '');
{keys}
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('DISABLE_WP_CRON', true);
define('AUTOMATIC_UPDATER_DISABLED', true);
define('WP_POST_REVISIONS', 2);
define('WP_DEBUG', false);
define('WP_MEMORY_LIMIT', '256M');
$table_prefix = 'wp_';
if (!defined('ABSPATH')) {{
    define('ABSPATH', __DIR__ . '/');
}}
require_once ABSPATH . 'wp-settings.php';
"""
