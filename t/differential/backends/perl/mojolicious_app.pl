# Mojolicious on its own server: `perl mojolicious_app.pl PORT`.
use Mojolicious::Lite -signatures;
use FindBin;
use lib $FindBin::Bin;
use Report;

app->log->level('fatal');
app->max_request_size(1 << 26);
hook after_build_tx => sub ($tx, $) { $tx->req->max_line_size(1 << 20) };

any '/*rest' => {rest => ''} => sub ($c) {
    my $report = Report->new;
    my $req = $c->req;
    $report->body($req->content->is_multipart ? $req->build_body : $req->body);
    $report->add('query', '', $req->query_params->to_hash);
    my $place = $req->content->is_multipart ? 'multipart' : 'form';
    $report->add($place, '', $req->body_params->to_hash);
    for my $file (@{$req->uploads}) {
        $report->add('file', $file->name, $file->slurp);
        $report->add('filename', $file->name, $file->filename);
    }
    $report->add('cookie', $_->name, $_->value) for @{$req->cookies};
    $report->path($c->param('rest') // '');
    $report->path($req->url->path->to_route);
    for my $name (@{$req->headers->names}) {
        $report->header($name, $_) for @{$req->headers->every_header($name)};
    }
    my $userinfo = $req->url->to_abs->userinfo // '';
    my ($user, $password) = split /:/, $userinfo, 2;
    $report->add('basic_user', '', $user);
    $report->add('basic_password', '', $password);
    eval { $report->document('', $req->json) };
    $c->render(data => $report->text, format => 'json');
};

app->start('daemon', '-m', 'production', '-l', "http://127.0.0.1:$ARGV[0]");
