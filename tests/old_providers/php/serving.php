<?php
// php serving.php APP [NAME=VALUE ...]: runs APP behind PHP's own web server on a free port, with settings of php.ini.
// Says {"origin": ...} on standard output when it is up, and ends when standard input closes.
$probe = stream_socket_server('tcp://127.0.0.1:0');
$address = stream_socket_get_name($probe, false);
fclose($probe);

$command = [PHP_BINARY, '-d', 'error_reporting=8191', '-d', 'session.use_strict_mode=1'];
foreach (array_slice($argv, 2) as $setting) {
    array_push($command, '-d', $setting);
}
$server = proc_open([...$command, '-S', $address, $argv[1]], [['file', '/dev/null', 'r'], STDERR, STDERR], $pipes);
do {
    usleep(20_000);
    $answer = @stream_socket_client("tcp://$address", $code, $text, 1);
} while (!$answer && proc_get_status($server)['running']);
if (!$answer) {
    exit(1);
}
fclose($answer);
echo json_encode(['origin' => "http://$address", 'php' => PHP_VERSION]), "\n";
while (!feof(STDIN)) {
    fread(STDIN, 1024);
}
proc_terminate($server);
proc_close($server);
