<?php
// PHP's own parsing, on its built-in server: the superglobals, and what applications do with php://input.

$seen = [];

/** Notes a value, and what is nested in it. A list counts as its elements. */
function add(string $place, string $name, mixed $value): void
{
    global $seen;
    if (is_array($value)) {
        // JSON has types: there a list is something else than its elements.
        $isList = $place !== 'json' && array_is_list($value);
        foreach ($value as $key => $member) {
            add($place, $isList ? $name : ($name === '' ? (string) $key : "$name.$key"), $member);
        }
    } elseif ($value !== null) {
        $seen[] = [$place, $name, is_bool($value) ? ($value ? 'true' : 'false') : (string) $value];
    }
}

/** What lax applications take for the credentials. */
function authorization(string $value): void
{
    $words = preg_split('/\s+/', trim($value), 2);
    if (count($words) < 2) {
        return;
    }
    $rest = trim($words[1]);
    add('credentials', '', [$rest, preg_split('/\s+/', $rest)[0], trim(explode(',', $rest)[0], " \t\"")]);
    if (strtolower($words[0]) === 'basic') {
        [$user, $password] = explode(':', (string) base64_decode($rest), 2) + ['', ''];
        add('basic_user', '', $user);
        add('basic_password', '', $password);
    }
}

$body = file_get_contents('php://input');
add('raw', '', substr($body, 0, 2000));
foreach ($_GET as $name => $value) {
    add('query', (string) $name, $value);
}
foreach ($_COOKIE as $name => $value) {
    add('cookie', (string) $name, $value);
}
// Only multipart leaves php://input empty.
$type = $_SERVER['CONTENT_TYPE'] ?? '';
foreach ($_POST as $name => $value) {
    add(preg_match('/multipart/i', $type) ? 'multipart' : 'form', (string) $name, $value);
}
foreach ($_FILES as $name => $file) {
    foreach ((array) $file['tmp_name'] as $path) {
        add('file', (string) $name, is_string($path) && $path !== '' ? file_get_contents($path) : null);
    }
    add('filename', (string) $name, $file['name']);
}
parse_str($body, $form);
foreach ($form as $name => $value) {
    add('form', (string) $name, $value);
}
$json = json_decode($body, true);
add('json', '', $json);
foreach (getallheaders() as $name => $value) {
    $spelled = strtolower(str_replace('_', '-', $name));
    add('header', $spelled, $value);
    add('header', $spelled, array_map('trim', explode(',', $value)));
}
authorization($_SERVER['HTTP_AUTHORIZATION'] ?? getallheaders()['Authorization'] ?? '');
add('basic_user', '', $_SERVER['PHP_AUTH_USER'] ?? null);
add('basic_password', '', $_SERVER['PHP_AUTH_PW'] ?? null);
$path = (string) parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
foreach ([$path, rawurldecode($path)] as $text) {
    foreach (explode('/', $text) as $segment) {
        add('path', '', [$segment, explode(';', $segment)[0]]);
    }
}

header('Content-Type: application/json');
echo json_encode($seen, JSON_INVALID_UTF8_SUBSTITUTE);
