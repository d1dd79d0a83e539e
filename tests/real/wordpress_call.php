<?php
/**
 * Runs the PHP code that a test sends, in a process that stays (see fastcgi.py). The body of the request is a JSON object:
 *
 * - code  begins with "<?php"; runs in the global scope, as a script of its own
 * - args  what the code finds in $args
 * - root  the folder of WordPress, url  the site's address: for the code's use
 * - end   a text printed after the code's own output; it is missing where the code exited or failed
 */

$call = json_decode(file_get_contents('php://input'), true, 512, JSON_THROW_ON_ERROR);
$args = $call['args'];
eval('?>' . $call['code']);
echo $call['end'];
